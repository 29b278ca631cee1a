import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { UnknownCommitError } from '@ashlar/postgres';
import { type Counting, countingSimulation } from './counting.fixtures.ts';
import { NO_FAULTS } from './faults.ts';
import { MemoryJobs } from './memory/memory-jobs.ts';
import { type Simulation, simulate } from './simulate.ts';
import { aSimulatedPlatform } from './standalone-platform.ts';

/** Longer than an instance stands still, and longer than a service's sessions may stand idle. */
const LONG_MS = 20_000;
/** A seed by which the first instance that freezes stands still for 5 s and more. */
const LONG_FROZEN = 3;

test('what an instance has asked for before it froze happens, and it hears of it when it goes on', async (t) => {
  const { instance, work, timers, passes } = aSimulatedPlatform(t);
  const story: string[] = [];
  const read = work.read('reads', () => story.push('the effect')).then(() => story.push('the answer'));
  timers.once(10, () => story.push('a timer'));
  instance.freeze();
  await passes(300);
  deepStrictEqual(story, ['the effect']);
  ok(instance.isAlive && instance.silentForMs >= 300);
  await passes(LONG_MS);
  await read;
  deepStrictEqual(story.toSorted(), ['a timer', 'the answer', 'the effect']);
  strictEqual(instance.silentForMs, 0);
});

test('a timer that is stopped by what an instance does first when it goes on does not fire', async (t) => {
  const { instance, timers, passes } = aSimulatedPlatform(t);
  const fired: string[] = [];
  timers.once(10, () => {
    fired.push('first');
    stop();
  });
  const stop = timers.once(20, () => fired.push('second'));
  instance.freeze();
  await passes(LONG_MS);
  deepStrictEqual(fired, ['first']);
});

test('a transaction in which an instance stood still too long changes nothing, and its locks are free', async (t) => {
  const { instance, work, another, passes } = aSimulatedPlatform(t, { seed: LONG_FROZEN });
  const kept: string[] = [];
  const goOn = Promise.withResolvers<void>();
  const cut = work.transaction(async () => {
    await work.lock(['row']);
    await work.change('writes', () => void kept.push('of the frozen'));
    await goOn.promise;
  });
  await passes(100);
  instance.freeze();
  await passes(6_000);
  const next = another();
  const other = next.work.transaction(async () => {
    await next.work.lock(['row']);
    await next.work.change('writes', () => void kept.push('of the next'));
  });
  await other;
  ok(instance.silentForMs > 0, 'It stands still.');
  goOn.resolve();
  await rejects(cut, UnknownCommitError);
  deepStrictEqual(kept, ['of the next']);
  await work.transaction(() => work.change('writes', () => void kept.push('of the woken')));
  deepStrictEqual(kept, ['of the next', 'of the woken']);
});

test('the job of an instance that stands still is taken over, and its end there does not count', async (t) => {
  const { instance, work, stored, another, passes } = aSimulatedPlatform(t, { seed: LONG_FROZEN });
  const begun: number[] = [];
  const goOn = Promise.withResolvers<void>();
  const jobs = new MemoryJobs(work, stored.jobs);
  const queue = jobs.queue({ name: 'mail' }, async (_data, { attempt }) => {
    begun.push(attempt);
    await goOn.promise;
  });
  await jobs.start();
  await queue.enqueue({ id: 'letter', data: {} });
  await passes(100);
  instance.freeze();
  const next = another();
  next.jobs.queue({ name: 'mail' }, async (_data, { attempt }) => {
    begun.push(attempt);
    return new Promise(() => {});
  });
  await next.jobs.start();
  await passes(3_000);
  deepStrictEqual(begun, [1], 'Its instance may still be heard of.');
  await passes(2_000);
  deepStrictEqual(begun, [1, 2]);
  goOn.resolve();
  await passes(LONG_MS);
  strictEqual(stored.jobs.open.size, 1, 'Who has taken it over is at it.');
});

test('one that stands still is replaced; when it goes on there are two for a while, and all is well', async () => {
  const load: Simulation<Counting>['load'] = async ({ services, counter }) => {
    await services.ask(counter, (app) => app.count());
    for (let n = 0; n < 5; n++) {
      void counter.ask((app) => app.count()).catch(() => {});
      counter.freeze();
      await services.world.pass(LONG_MS);
    }
  };
  const run = await simulate(countingSimulation({ load, faults: NO_FAULTS }), { seed: 1, isTraced: true });
  deepStrictEqual(run.broken, []);
  const [beginnings, wakings, replaced] = [/ counter#\d begins$/, / goes on$/, / dies: it was replaced$/].map(
    (sign) => run.trace.filter((line) => sign.test(line)).length,
  );
  ok(beginnings! > 2 && replaced! > 1, 'Some are replaced.');
  strictEqual(beginnings! - 1, replaced);
  strictEqual(wakings, 5);
});
