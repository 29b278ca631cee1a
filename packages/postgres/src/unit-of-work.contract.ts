import { deepStrictEqual, rejects, strictEqual, throws } from 'node:assert/strict';
import { contractSuite, type Rules } from './contract-suite.ts';
import { ConcurrencyError } from './errors.ts';
import { RANK } from './transaction.ts';
import { unknownRules, writingRules } from './unit-of-work.writing.contract.ts';
import type { UnitOfWorkStage } from './unit-of-work-stage.fixtures.ts';

const refused = new Error('refused');

const outcomeRules: Rules<UnitOfWorkStage> = {
  'what was written is kept when the work ends, and not before': async ({ work, write, lines }) => {
    const answer = await work.transaction(async () => {
      write('a');
      write('b');
      deepStrictEqual(await lines(), []);
      return 7;
    });
    deepStrictEqual([answer, await lines()], [7, ['a', 'b']]);
  },

  'work that fails leaves nothing': async ({ work, write, lines }) => {
    const failing = work.transaction(async () => {
      write('a');
      await lines();
      throw refused;
    });
    await rejects(failing, refused);
    deepStrictEqual(await lines(), []);
  },

  'if one write is refused, none of the others is kept': async ({ work, write, lines }) => {
    const losing = work.transaction(
      async () => {
        write('before', { rank: RANK.inbox });
        write('lost', { loses: true });
        write('after', { rank: RANK.outbox });
      },
      { retries: 0 },
    );
    await rejects(losing, ConcurrencyError);
    deepStrictEqual(await lines(), []);
  },

  'transactions know nothing of each other': async ({ work, write, lines }) => {
    const gate = Promise.withResolvers<void>();
    const slow = work.transaction(async () => {
      write('slow');
      await gate.promise;
      throw refused;
    });
    await work.transaction(async () => write('quick'));
    gate.resolve();
    await rejects(slow, refused);
    deepStrictEqual(await lines(), ['quick']);
  },

  'inside a transaction one knows it, and outside there is no buffer': async ({ work, write }) => {
    strictEqual(work.inTransaction, false);
    await work.transaction(async () => strictEqual(work.inTransaction, true));
    strictEqual(work.inTransaction, false);
    throws(() => write('nowhere'), /needs a transaction/);
  },

  'what goes on after its transaction fails instead of writing nowhere': async ({ work, write, lines }) => {
    const gate = Promise.withResolvers<void>();
    let late: Promise<void> | undefined;
    await work.transaction(async () => {
      late = gate.promise.then(() => write('late'));
    });
    gate.resolve();
    await rejects(late!, /has ended/);
    deepStrictEqual(await lines(), []);
  },
};

const nestedRules: Rules<UnitOfWorkStage> = {
  'a nested transaction commits with the outer one': async ({ work, write, lines }) => {
    const failing = work.transaction(async () => {
      await work.transaction(async () => write('inner'));
      throw refused;
    });
    await rejects(failing, refused);
    deepStrictEqual(await lines(), []);
  },

  'a nested transaction that fails takes back what is its own, and the rest is kept': async ({
    work,
    write,
    lines,
  }) => {
    const told: string[] = [];
    await work.transaction(async () => {
      write('before');
      work.afterCommit(() => told.push('before'));
      const inner = work.transaction(async () => {
        write('known buffer');
        write('new buffer', { rank: RANK.sagas });
        work.afterCommit(() => told.push('inner'));
        throw refused;
      });
      await rejects(inner, refused);
      write('after');
      work.afterCommit(() => told.push('after'));
    });
    deepStrictEqual(await lines(), ['before', 'after']);
    deepStrictEqual(told, ['before', 'after']);
  },

  'what was nested twice is taken back twice, each to where it began': async ({ work, write, lines }) => {
    await work.transaction(async () => {
      write('1');
      const middle = work.transaction(async () => {
        write('2');
        await rejects(
          work.transaction(async () => {
            write('3');
            throw refused;
          }),
          refused,
        );
        write('4');
        throw refused;
      });
      await rejects(middle, refused);
      write('5');
    });
    deepStrictEqual(await lines(), ['1', '5']);
  },

  'a race lost in a nested transaction begins the outermost anew, and no other': async ({ work, write, lines }) => {
    const runs = { outer: 0, inner: 0 };
    await work.transaction(async () => {
      runs.outer += 1;
      write(`outer ${runs.outer}`);
      await work.transaction(async () => {
        runs.inner += 1;
        if (runs.inner === 1) throw new ConcurrencyError('The thing');
        write('inner');
      });
    });
    deepStrictEqual(runs, { outer: 2, inner: 2 });
    deepStrictEqual(await lines(), ['outer 2', 'inner']);
  },
};

/** What every unit of work promises, whatever it keeps its data in. */
export const unitOfWorkContract = contractSuite<UnitOfWorkStage>(outcomeRules, nestedRules, ...writingRules);

/** The same where the first commit of a stage gets no answer, whether it happens or not. */
export const unknownCommitContract = contractSuite<UnitOfWorkStage>(unknownRules);
