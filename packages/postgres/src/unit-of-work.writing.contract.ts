import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import type { Rules } from './contract-suite.ts';
import { ConcurrencyError, UnknownCommitError } from './errors.ts';
import { RANK, type WriteBuffer } from './transaction.ts';
import type { UnitOfWorkStage } from './unit-of-work-stage.fixtures.ts';

const refused = new Error('refused');

const bufferRules: Rules<UnitOfWorkStage> = {
  'writes happen in the order of their ranks, whoever came first': async ({ work, write, lines }) => {
    await work.transaction(async () => {
      for (const rank of [RANK.outbox, RANK.sagas, RANK.inbox, RANK.others, RANK.aggregates])
        write(`${rank}`, { rank });
    });
    deepStrictEqual(await lines(), ['10', '20', '30', '40', '50']);
  },

  'each owner has one buffer in a transaction, made when it is first asked for': async ({ work }) => {
    const [one, other] = [{}, {}];
    const made: Recorder[] = [];
    const make = () => {
      const recorder = new Recorder();
      made.push(recorder);
      return recorder;
    };
    for (let round = 0; round < 2; round++)
      await work.transaction(async () => {
        strictEqual(work.buffer(one, make), work.buffer(one, make));
        ok(work.buffer(one, make) !== work.buffer(other, make));
      });
    strictEqual(made.length, 4);
  },

  'a buffer is prepared inside the transaction, and told of the commit once it is done': async ({
    work,
    write,
    lines,
  }) => {
    const recorder = new Recorder(() => {
      ok(work.inTransaction);
      write('prepared');
    });
    await work.transaction(async () => void work.buffer(recorder, () => recorder));
    deepStrictEqual(recorder.heard, ['prepare', 'flush', 'committed']);
    deepStrictEqual(await lines(), ['prepared']);
  },

  'a buffer is told of nothing when the transaction fails': async ({ work, write }) => {
    const recorder = new Recorder();
    const losing = work.transaction(
      async () => {
        work.buffer(recorder, () => recorder);
        write('lost', { loses: true });
      },
      { retries: 0 },
    );
    await rejects(losing, ConcurrencyError);
    ok(!recorder.heard.includes('committed'));
  },
};

/** Writes nothing, and notes what it is asked to do. */
class Recorder implements WriteBuffer {
  readonly rank = RANK.inbox;
  readonly name = 'recorder';
  readonly heard: string[] = [];

  constructor(private readonly onPrepare: () => void = () => {}) {}

  mark(): void {}

  restore(): void {}

  async prepare(): Promise<void> {
    this.heard.push('prepare');
    this.onPrepare();
  }

  flush() {
    this.heard.push('flush');
    return [];
  }

  committed(): void {
    this.heard.push('committed');
  }
}

const retryRules: Rules<UnitOfWorkStage> = {
  'a lost race is run again from the beginning, with nothing left of the first run': async ({ work, write, lines }) => {
    const told: number[] = [];
    let runs = 0;
    await work.transaction(async () => {
      const run = ++runs;
      write(`run ${run}`);
      work.afterCommit(() => told.push(run));
      write('raced for', { rank: RANK.inbox, loses: run < 3 });
    });
    deepStrictEqual([runs, told, await lines()], [3, [3], ['raced for', 'run 3']]);
  },

  'a race that is lost too often fails': async ({ work, write }) => {
    let runs = 0;
    const losing = work.transaction(
      async () => {
        runs += 1;
        write('never', { loses: true });
      },
      { retries: 2 },
    );
    await rejects(losing, ConcurrencyError);
    strictEqual(runs, 3);
  },

  'any other failure is not run again': async ({ work }) => {
    let runs = 0;
    const failing = work.transaction(async () => {
      runs += 1;
      throw refused;
    });
    await rejects(failing, refused);
    strictEqual(runs, 1);
  },
};

const afterwardsRules: Rules<UnitOfWorkStage> = {
  'whoever waits for the commit is called once it is known, in order; at once outside': async ({
    work,
    write,
    lines,
  }) => {
    const seen: string[] = [];
    await work.transaction(async () => {
      work.afterCommit(() => seen.push('first'));
      await work.transaction(async () => work.afterCommit(() => seen.push('second')));
      write('a');
      await lines();
      deepStrictEqual(seen, []);
    });
    deepStrictEqual(seen, ['first', 'second']);
    work.afterCommit(() => seen.push('outside'));
    strictEqual(seen.at(-1), 'outside');
  },

  'nobody is called when it is not committed': async ({ work, write }) => {
    const seen: string[] = [];
    const losing = work.transaction(
      async () => {
        work.afterCommit(() => seen.push('told'));
        write('lost', { loses: true });
      },
      { retries: 0 },
    );
    await rejects(losing, ConcurrencyError);
    deepStrictEqual(seen, []);
  },

  'one who fails after the commit takes nothing back, and keeps nobody from hearing': async ({
    work,
    write,
    lines,
    errors,
  }) => {
    const seen: string[] = [];
    let runs = 0;
    await work.transaction(async () => {
      runs += 1;
      write('a');
      work.afterCommit(() => {
        throw new ConcurrencyError('Whatever');
      });
      work.afterCommit(() => seen.push('told'));
    });
    deepStrictEqual([runs, seen, await lines()], [1, ['told'], ['a']]);
    ok(errors[0] instanceof ConcurrencyError);
  },
};

export const unknownRules: Rules<UnitOfWorkStage> = {
  'a commit without an answer is unknown: nobody is told, and nothing is run again': async ({ work, write, lines }) => {
    const told: string[] = [];
    let runs = 0;
    const unknown = work.transaction(async () => {
      runs += 1;
      await lines();
      write('a');
      write('b', { rank: RANK.outbox });
      work.afterCommit(() => told.push('told'));
    });
    await rejects(unknown, UnknownCommitError);
    deepStrictEqual([runs, told], [1, []]);
    ok(['', 'a,b'].includes((await lines()).join()), 'It is all or nothing.');
  },
};

export const writingRules: readonly Rules<UnitOfWorkStage>[] = [bufferRules, retryRules, afterwardsRules];
