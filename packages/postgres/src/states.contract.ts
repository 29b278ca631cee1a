import { deepStrictEqual, notStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { contractSuite, type Rules } from './contract-suite.ts';
import type { UnitOfWork } from './database.ts';
import { ConcurrencyError } from './errors.ts';
import type { Stored } from './state-table.ts';

/** A state with something that JSON does not have. */
export interface Tally {
  readonly count: number;
  readonly at?: Date;
  readonly note?: string | undefined;
}

/** States that are loaded by id and stored whole. */
export interface StatesStage {
  readonly work: UnitOfWork;
  readonly states: {
    find(id: string): Promise<Stored<Tally> | undefined>;
    findMany(ids: readonly string[]): Promise<Map<string, Stored<Tally>>>;
    save(stored: Stored<Tally>): Promise<number>;
  };
  /** The same states, as another process sees them. */
  readonly elsewhere: StatesStage['states'];
}

const add = async ({ states }: Pick<StatesStage, 'states'>, id: string) => {
  const { version, state } = (await states.find(id)) ?? { version: 0, state: { count: 0 } };
  await states.save({ id, version, state: { ...state, count: state.count + 1 } });
};

const conflict = (actual: number | undefined) => (error: unknown) =>
  error instanceof ConcurrencyError && (error.actualVersion ?? actual) === actual;

const versionRules: Rules<StatesStage> = {
  'within a transaction a state is what was saved last, and its version grows by one': async (stage) => {
    await stage.work.transaction(async () => {
      for (let n = 0; n < 3; n++) await add(stage, 'a');
      strictEqual((await stage.states.find('a'))?.state.count, 3);
      strictEqual(await stage.elsewhere.find('b'), undefined);
    });
    deepStrictEqual(await stage.states.find('a'), { id: 'a', version: 1, state: { count: 3 } });
  },

  'a state that is saved twice with the version that was loaded is stored once': async ({ work, states }) => {
    strictEqual(await states.save({ id: 'a', version: 0, state: { count: 1 } }), 1);
    await work.transaction(async () => {
      strictEqual(await states.save({ id: 'a', version: 1, state: { count: 7 } }), 2);
      strictEqual(await states.save({ id: 'a', version: 1, state: { count: 8 } }), 2);
    });
    deepStrictEqual(await states.find('a'), { id: 'a', version: 2, state: { count: 8 } });
  },

  'a transaction reads each state once, and loses if it has changed meanwhile': async ({ work, states, elsewhere }) => {
    await states.save({ id: 'a', version: 0, state: { count: 1 } });
    const late = work.transaction(
      async () => {
        const before = await states.find('a');
        await elsewhere.save({ id: 'a', version: 1, state: { count: 2 } });
        deepStrictEqual(await states.find('a'), before);
        await states.save({ id: 'a', version: 1, state: { count: 99 } });
      },
      { retries: 0 },
    );
    await rejects(late, conflict(2));
    strictEqual((await states.find('a'))?.state.count, 2);
  },

  'neither an old version nor one that never was is stored, nor a new state twice': async ({ work, states }) => {
    for (const version of [0, 1]) await states.save({ id: 'a', version, state: { count: version } });
    for (const version of [0, 1, 3]) {
      const wrong = work.transaction(() => states.save({ id: 'a', version, state: { count: 9 } }), { retries: 0 });
      await rejects(wrong, ConcurrencyError, `version ${version}`);
    }
    strictEqual((await states.find('a'))?.version, 2);
  },

  'a state that is gone meanwhile is not brought back by who has loaded it before': async ({ work, states }) => {
    const gone = work.transaction(() => states.save({ id: 'gone', version: 4, state: { count: 9 } }), { retries: 0 });
    await rejects(gone, conflict(0));
    strictEqual(await states.find('gone'), undefined);
  },

  'many who change one state lose no change': async (stage) => {
    const writers = Array.from({ length: 8 }, () => stage.work.transaction(() => add(stage, 'a'), { retries: 100 }));
    await Promise.all(writers);
    deepStrictEqual(await stage.states.find('a'), { id: 'a', version: 8, state: { count: 8 } });
  },

  'a part that fails gives the states back as they were': async (stage) => {
    await stage.work.transaction(async () => {
      await add(stage, 'a');
      const part = stage.work.transaction(async () => {
        for (let n = 0; n < 2; n++) await add(stage, 'a');
        await add(stage, 'new');
        throw new Error('refused');
      });
      await rejects(part, /refused/);
      strictEqual((await stage.states.find('a'))?.state.count, 1);
      await add(stage, 'a');
    });
    strictEqual((await stage.states.find('a'))?.state.count, 2);
    strictEqual(await stage.states.find('new'), undefined);
  },
};

const contentRules: Rules<StatesStage> = {
  'several are found at once, those that exist': async (stage) => {
    for (const id of ['a', 'b']) await add(stage, id);
    const look = async () => [...(await stage.states.findMany(['b', 'nobody', 'a', 'b'])).keys()].sort();
    deepStrictEqual(await look(), ['a', 'b']);
    await stage.work.transaction(async () => deepStrictEqual(await look(), ['a', 'b']));
  },

  'a state is kept as it was written: what JSON does not have is gone, unless it is revived': async ({ states }) => {
    const at = new Date('2026-01-01T00:00:00.123Z');
    await states.save({ id: 'a', version: 0, state: { count: 1, at, note: undefined } });
    deepStrictEqual((await states.find('a'))?.state, { count: 1, at });
  },

  'whoever changes what was saved, or read, changes nothing that is kept': async ({ states }) => {
    const state = { count: 1 };
    await states.save({ id: 'a', version: 0, state });
    state.count = 2;
    const read = await states.find('a');
    (read!.state as { count: number }).count = 3;
    notStrictEqual(await states.find('a'), read);
    strictEqual((await states.find('a'))?.state.count, 1);
  },
};

/** What every table of states promises: read once, written once, guarded by its version. */
export const statesContract = contractSuite<StatesStage>(versionRules, contentRules);
