import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ConcurrencyError, isRetryable, RANK } from '@ashlar/postgres';
import {
  type LineOptions,
  type UnitOfWorkStage,
  unitOfWorkContract,
  unknownCommitContract,
} from '@ashlar/postgres/contract-suites';
import { aSimulatedPlatform, type StandaloneOptions } from '../standalone-platform.ts';
import { ChangeList, MemoryWork } from './memory-work.ts';

function aStage(t: TestContext, options: StandaloneOptions = {}): UnitOfWorkStage {
  const { instance } = aSimulatedPlatform(t, options);
  const errors: unknown[] = [];
  const work = new MemoryWork({ instance, onError: (error) => errors.push(error) });
  const kept: string[] = [];
  const owners = new Map<number, object>();
  return {
    work,
    errors,
    write(line, { rank = RANK.others, loses = false }: LineOptions = {}) {
      const owner = owners.get(rank) ?? {};
      owners.set(rank, owner);
      const check = () => {
        if (loses) throw new ConcurrencyError('The line');
      };
      work.stage(owner, () => new ChangeList('lines', rank)).add({ check, apply: () => kept.push(line) });
    },
    lines: () => work.read('reads the lines', () => [...kept]),
  };
}

unitOfWorkContract('memory', { makeStage: async (t) => aStage(t) });

// Every commit is without an answer; whether it happens is for the seed to say.
for (let seed = 1; seed <= 6; seed++)
  unknownCommitContract(`memory, seed ${seed}`, {
    makeStage: async (t) => aStage(t, { seed, faults: { unknownCommit: 1 } }),
  });

test('a buffer that writes SQL is refused', async (t) => {
  const { work } = aSimulatedPlatform(t);
  const buffer = { rank: 1, name: 'sql', mark: () => 0, restore: () => {}, flush: () => [{ sql: 'select 1' }] };
  await rejects(
    work.transaction(async () => void work.buffer(buffer, () => buffer)),
    /there is none on memory/,
  );
});

const FIRST = ['row'];

test('who comes second waits until the first has ended, and sees what that has committed', async (t) => {
  const { work } = aSimulatedPlatform(t);
  const gate = Promise.withResolvers<void>();
  const seen: string[] = [];
  const first = work.transaction(async () => {
    await work.lock(FIRST);
    await gate.promise;
    await work.change('writes', () => seen.push('first committed'));
  });
  const second = work.transaction(async () => {
    await work.lock(FIRST);
    seen.push('second has the lock');
  });
  await work.read('looks', () => {});
  deepStrictEqual(seen, []);
  gate.resolve();
  await Promise.all([first, second]);
  deepStrictEqual(seen, ['first committed', 'second has the lock']);
});

test('those who share a lock do not wait for each other; who wants it alone waits for all of them', async (t) => {
  const { work } = aSimulatedPlatform(t);
  const gate = Promise.withResolvers<void>();
  let sharing = 0;
  const both = Promise.withResolvers<void>();
  const share = () =>
    work.transaction(async () => {
      await work.lock(FIRST, 'shared');
      if (++sharing === 2) both.resolve();
      await gate.promise;
      sharing -= 1;
    });
  const sharers = [share(), share()];
  await both.promise;
  const alone = work.transaction(async () => {
    await work.lock(FIRST);
    strictEqual(sharing, 0);
  });
  await work.read('looks', () => {});
  gate.resolve();
  await Promise.all([...sharers, alone]);
});

test('two who wait for each other do so for two seconds: then one of them may begin again', async (t) => {
  const { work, world } = aSimulatedPlatform(t);
  const began = world.now;
  const met = Promise.withResolvers<void>();
  let holding = 0;
  const crossing = (one: string, other: string) =>
    work.transaction(
      async () => {
        await work.lock([one]);
        if (++holding === 2) met.resolve();
        await met.promise;
        await work.lock([other]);
      },
      { retries: 0 },
    );
  const outcomes = await Promise.allSettled([crossing('a', 'b'), crossing('b', 'a')]);
  const failures = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
  ok(failures.length > 0 && failures.every(isRetryable));
  ok(world.now - began >= 2_000);
});

test('the locks of a dead instance are free at once', async (t) => {
  const { work, instance, another } = aSimulatedPlatform(t);
  const held = Promise.withResolvers<void>();
  void work.transaction(async () => {
    await work.lock(FIRST);
    held.resolve();
    await new Promise(() => {});
  });
  await held.promise;
  const next = another().work;
  const second = next.transaction(() => next.lock(FIRST), { retries: 0 });
  instance.die('killed');
  await second;
});

test('what is locked by one transaction is changed by no other', async (t) => {
  const { work } = aSimulatedPlatform(t);
  const gate = Promise.withResolvers<void>();
  const seen: string[] = [];
  const holder = work.transaction(async () => {
    await work.lock(FIRST);
    await gate.promise;
    seen.push('holder ends');
  });
  const writer = work.transaction(async () => {
    const change = { row: FIRST[0]!, apply: () => void seen.push('row is written') };
    work.stage(seen, () => new ChangeList('rows', RANK.others)).add(change);
  });
  await work.read('looks', () => {});
  gate.resolve();
  await Promise.all([holder, writer]);
  deepStrictEqual(seen, ['holder ends', 'row is written']);
});
