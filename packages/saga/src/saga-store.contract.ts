import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { UuidV7Ids } from '@ashlar/domain';
import { ConcurrencyError, type Stored, type UnitOfWork } from '@ashlar/postgres';
import { contractSuite, type Rules } from '@ashlar/postgres/contract-suites';
import { initialState, type SagaState } from './engine.ts';
import type { SagaRecord, SagaStore, SagaView } from './saga-store.ts';
import { type Trip, trip } from './trip.fixtures.ts';

/** The sagas of one service, and nobody else who is at them. */
export interface SagaStage {
  readonly work: UnitOfWork;
  /** The sagas of this name. */
  store(name: string): SagaStore;
  /** The same sagas, as another process sees them. */
  another(): SagaStage;
  /** Lets so many milliseconds pass for everything that is kept. */
  passes(ms: number): Promise<void>;
}

const ids = new UuidV7Ids();

const aSaga = (id: string, progress: Partial<SagaState<Trip>> = {}): Stored<SagaRecord> => ({
  id,
  version: 0,
  state: {
    sagaId: ids.next(),
    name: trip.name,
    definitionVersion: 3,
    style: 'orchestration',
    status: 'running',
    progress: { ...initialState(trip, { id }), ...progress },
  },
});

const after = (
  { id, version, state }: Stored<SagaRecord>,
  progress: Partial<SagaState<unknown>>,
): Stored<SagaRecord> => ({
  id,
  version: version + 1,
  state: { ...state, progress: { ...without(state.progress), ...progress } },
});

/** Nothing is awaited any more, unless it is said anew. */
const without = ({ waitMs: _, ...progress }: SagaState<unknown>): SagaState<unknown> => progress;

const keysOf = (views: readonly SagaView[]) => views.map(({ key }) => key);

const savingRules: Rules<SagaStage> = {
  'a saga is stored when its transaction commits, as it was saved, with its status': async (stage) => {
    const store = stage.store(trip.name);
    const saga = aSaga('rome', { direction: 'backward' });
    const failing = stage.work.transaction(async () => {
      await store.save(saga);
      throw new Error('refused');
    });
    await rejects(failing, /refused/);
    strictEqual((await store.findMany(['rome'])).size, 0);
    await store.save(saga);
    const found = await stage.another().store(trip.name).findMany(['rome', 'nowhere']);
    deepStrictEqual([...found.values()], [{ ...saga, version: 1, state: { ...saga.state, status: 'compensating' } }]);
  },

  'promise 5: of two who move a saga at once, one loses, and its deadline with it': async (stage) => {
    const store = stage.store(trip.name);
    const saga = aSaga('rome');
    await store.save(saga);
    const late = stage.work.transaction(
      async () => {
        await store.findMany(['rome']);
        await stage
          .another()
          .store(trip.name)
          .save(after(saga, { waitMs: 60_000 }));
        await store.save(after(saga, { waitMs: 0 }));
      },
      { retries: 0 },
    );
    await rejects(late, ConcurrencyError);
    await stage.passes(1_000);
    deepStrictEqual(await store.due(), []);
  },

  'a key has one saga of each name': async (stage) => {
    const store = stage.store(trip.name);
    await store.save(aSaga('rome'));
    await rejects(
      stage.work.transaction(() => store.save(aSaga('rome')), { retries: 0 }),
      ConcurrencyError,
    );
    const cruise = aSaga('rome');
    const other = stage.store('cruise');
    strictEqual((await other.findMany(['rome'])).size, 0);
    await other.save({ ...cruise, state: { ...cruise.state, name: 'cruise' } });
    deepStrictEqual([(await other.list({ limit: 9 })).length, (await store.list({ limit: 9 })).length], [1, 1]);
    strictEqual(await store.view(cruise.state.sagaId), undefined);
  },
};

const deadlineRules: Rules<SagaStage> = {
  'promise 5: sagas are due when their time has passed, the most overdue first': async (stage) => {
    const store = stage.store(trip.name);
    const [late, soon] = [aSaga('late', { waitMs: 40_000 }), aSaga('soon', { waitMs: 20_000 })];
    for (const saga of [late, soon, aSaga('never'), aSaga('later', { waitMs: 90_000 })]) await store.save(saga);
    deepStrictEqual(await store.due(), []);
    await stage.passes(20_001);
    deepStrictEqual(await store.due(), ['soon']);
    await stage.passes(30_000);
    deepStrictEqual(await store.due(), ['soon', 'late']);
    deepStrictEqual(await stage.store('cruise').due(), []);
    await store.save(after(soon, { waitMs: 60_000 }));
    await store.save(after(late, { direction: 'ended' }));
    deepStrictEqual(await store.due(), []);
  },

  'promise 5: stuck sagas and those that turn back are due as well': async (stage) => {
    const store = stage.store(trip.name);
    await store.save(aSaga('back', { direction: 'backward', waitMs: 10 }));
    await store.save(aSaga('stuck', { stuck: 'nobody answers', waitMs: 20 }));
    await stage.passes(1_000);
    deepStrictEqual(await store.due(), ['back', 'stuck']);
  },

  'a deadline is for the version that was loaded, and no other': async (stage) => {
    const store = stage.store(trip.name);
    const saga = aSaga('rome', { waitMs: 10 });
    await store.save(saga);
    await stage.passes(1_000);
    await stage.work.transaction(async () => strictEqual(await store.isDue('rome'), true));
    strictEqual(await store.isDue('nowhere'), false);
    await stage.work.transaction(async () => {
      await store.findMany(['rome']);
      await stage
        .another()
        .store(trip.name)
        .save(after(saga, { waitMs: 0 }));
      await stage.passes(1_000);
      strictEqual(await store.isDue('rome'), false, 'It has been moved meanwhile.');
    });
    await store.save(after({ ...saga, version: 1 }, { waitMs: 60_000 }));
    strictEqual(await store.isDue('rome'), false);
  },

  'a hundred are due at once, at the most': async (stage) => {
    const store = stage.store(trip.name);
    await stage.work.transaction(async () => {
      for (let n = 0; n < 102; n++) await store.save(aSaga(`trip ${n}`, { waitMs: 0 }));
    });
    await stage.passes(1);
    strictEqual((await store.due()).length, 100);
  },
};

const postponingRules: Rules<SagaStage> = {
  'one that cannot be handled waits behind the others; one that is not due keeps its time': async (stage) => {
    const store = stage.store(trip.name);
    for (const id of ['first', 'second']) await store.save(aSaga(id, { waitMs: id === 'first' ? 10 : 20 }));
    await store.save(aSaga('later', { waitMs: 60_000 }));
    await stage.passes(1_000);
    await store.postpone('first', 5_000);
    await store.postpone('later', 5_000);
    deepStrictEqual(await store.due(), ['second']);
    await stage.passes(5_001);
    deepStrictEqual(await store.due(), ['second', 'first']);
  },

  'deadlines that have passed begin anew, with their own time but not more than told': async (stage) => {
    const store = stage.store(trip.name);
    await store.save(aSaga('short', { waitMs: 1_000 }));
    await store.save(aSaga('long', { waitMs: 10_000 }));
    await store.save(aSaga('running', { waitMs: 60_000 }));
    await stage.passes(20_000);
    await store.postponeDue(5_000);
    deepStrictEqual(await store.due(), []);
    await stage.passes(1_001);
    deepStrictEqual(await store.due(), ['short']);
    await stage.passes(4_000);
    deepStrictEqual(await store.due(), ['short', 'long']);
    await stage.passes(40_000);
    deepStrictEqual(await store.due(), ['short', 'long', 'running']);
  },
};

const viewRules: Rules<SagaStage> = {
  'operators see the newest first, by page, status and key': async (stage) => {
    const store = stage.store(trip.name);
    for (const id of ['z', 'a', 'm']) await store.save(aSaga(id));
    await store.save(aSaga('back', { direction: 'backward' }));
    deepStrictEqual(keysOf(await store.list({ limit: 9 })), ['back', 'm', 'a', 'z']);
    const page = await store.list({ limit: 2 });
    deepStrictEqual(keysOf(page), ['back', 'm']);
    deepStrictEqual(keysOf(await store.list({ limit: 2, cursor: page.at(-1)!.id })), ['a', 'z']);
    deepStrictEqual(keysOf(await store.list({ limit: 9, status: 'running' })), ['m', 'a', 'z']);
    deepStrictEqual(keysOf(await store.list({ limit: 9, key: 'a' })), ['a']);
    deepStrictEqual(keysOf(await store.list({ limit: 9, key: 'a', status: 'stuck' })), []);
  },

  'promise 6: sagas that run and sagas that are stuck are counted, each name by itself': async (stage) => {
    const store = stage.store(trip.name);
    for (const id of ['a', 'b']) await store.save(aSaga(id));
    await store.save(aSaga('back', { direction: 'backward' }));
    await store.save(aSaga('held', { stuck: 'nobody answers' }));
    deepStrictEqual(await store.counts(), { running: 3, stuck: 1 });
    deepStrictEqual(await stage.store('cruise').counts(), { running: 0, stuck: 0 });
  },

  'a view tells what operators have to know of a saga': async (stage) => {
    const store = stage.store(trip.name);
    const saga = aSaga('rome');
    await store.save(saga);
    await stage.passes(1_000);
    await store.save(after(saga, { direction: 'backward', reason: 'no_seat', stuck: 'nobody answers' }));
    const { startedAt, updatedAt, ...view } = (await store.view(saga.state.sagaId))!;
    ok(updatedAt.getTime() - startedAt.getTime() >= 0);
    deepStrictEqual(view, {
      id: saga.state.sagaId,
      name: trip.name,
      version: 3,
      style: 'orchestration',
      key: 'rome',
      status: 'stuck',
      reason: 'no_seat',
      error: 'nobody answers',
      steps: saga.state.progress.steps.map((step) => ({ ...step, at: startedAt.toISOString() })),
    });
    strictEqual(await store.view(ids.next()), undefined);
  },
};

/** Sagas are stored with what they say, guarded by their versions, and wake up by the clock of where they are kept. */
export const sagaStoreContract = contractSuite<SagaStage>(savingRules, deadlineRules, postponingRules, viewRules);
