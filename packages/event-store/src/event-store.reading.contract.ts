import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import type { Rules } from '@ashlar/postgres/contract-suites';
import { amounts, append, conflict, type EventStage } from './event-stage.fixtures.ts';
import { deposited } from './event-store.fixtures.ts';
import type { ReadOptions, StoredEvent } from './event-store.ts';

const readRules: Rules<EventStage> = {
  'a stream is read in parts, forwards and backwards': async (stage) => {
    await append(stage, 'a', { expected: 'none', amounts: [1, 2, 3, 4, 5] });
    await append(stage, 'b', { expected: 'none', amounts: [9] });
    const read = (options: ReadOptions) => amounts(stage, 'a', options);
    deepStrictEqual(await read({}), [1, 2, 3, 4, 5]);
    deepStrictEqual(await read({ from: 2, to: 4 }), [2, 3, 4]);
    deepStrictEqual(await read({ limit: 2 }), [1, 2]);
    deepStrictEqual(await read({ backwards: true, limit: 2 }), [5, 4]);
    deepStrictEqual(await read({ to: 3, backwards: true }), [3, 2, 1]);
    deepStrictEqual(await read({ from: 2, to: 4, backwards: true, limit: 1 }), [4]);
    deepStrictEqual(await read({ from: 6 }), []);
    deepStrictEqual(await stage.store.read('nowhere'), []);
  },

  'what is no whole number or no moment is refused in words, and not by the database': async ({ store }) => {
    const refused = (read: Promise<unknown>, message: string) => rejects(read, { name: 'TypeError', message });
    for (const wrong of [1.5, Number.NaN, Number.POSITIVE_INFINITY, '7' as unknown as number])
      for (const name of ['from', 'to', 'limit', 'after', 'upTo']) {
        const message = `Events are read by whole numbers, and "${name}" is ${wrong}.`;
        await refused(store.readAll({ after: 0, [name]: wrong }), message);
        await refused(store.read('a', { [name]: wrong }), message);
      }
    await refused(store.readAll({ after: 0, limit: -1 }), 'So many events cannot be read: "limit" is -1.');
    for (const asOf of [new Date('yesterday'), 'yesterday' as unknown as Date])
      await refused(store.read('a', { asOf }), `Events are read as of a moment, and "asOf" is ${asOf}.`);
    deepStrictEqual(await store.read('a', { from: -3, to: -1, limit: 0 }), []);
  },

  'an event is read as it was stored, with its place and time; what was said without data has none': async (stage) => {
    const data = { amount: 1, at: new Date(0), nested: { list: [1, null, 'ü'], gone: undefined } };
    const events = [
      { type: 'Deposited', data },
      { type: 'Closed', data: undefined },
    ];
    await stage.store.append({ stream: 'a', expected: 'none', events });
    await stage.work.transaction(async () => {
      for (const stream of ['b', 'c']) await stage.store.append({ stream, expected: 'none', events });
    });
    const [stored, closed] = await stage.store.read('a');
    ok(stored!.at instanceof Date);
    deepStrictEqual(
      { ...stored, at: undefined, position: undefined },
      {
        position: undefined,
        stream: 'a',
        version: 1,
        type: 'Deposited',
        data: { amount: 1, at: '1970-01-01T00:00:00.000Z', nested: { list: [1, null, 'ü'] } },
        at: undefined,
      },
    );
    deepStrictEqual([closed!.version, closed!.data], [2, null]);
    deepStrictEqual(
      (await stage.store.read('c')).map((event) => event.data),
      [stored!.data, null],
    );
  },

  'whoever changes what was appended, or read, changes nothing that is kept': async (stage) => {
    const data = { amount: 1 };
    await stage.store.append({ stream: 'a', expected: 'none', events: [{ type: 'Deposited', data }] });
    data.amount = 2;
    const [read] = await stage.store.read('a');
    (read!.data as { amount: number }).amount = 3;
    deepStrictEqual(await amounts(stage), [1]);
  },
};

const timeRules: Rules<EventStage> = {
  'asOf answers what had happened by a moment: always a prefix': async (stage) => {
    for (const amount of [1, 2, 3]) {
      await append(stage, 'a', { expected: 'any', amounts: [amount, amount] });
      await stage.passes(60_000);
    }
    const times = (await stage.store.read('a')).map(({ at }) => at.getTime());
    const asOf = (time: number, options: ReadOptions = {}) => amounts(stage, 'a', { ...options, asOf: new Date(time) });
    deepStrictEqual(await asOf(times[0]! - 1), []);
    deepStrictEqual(await asOf(times[1]!), [1, 1]);
    deepStrictEqual(await asOf(times[3]! + 1_000), [1, 1, 2, 2]);
    deepStrictEqual(await asOf(times[3]! + 1_000, { backwards: true, limit: 1 }), [2]);
    deepStrictEqual(await asOf(times[5]! + 1_000), [1, 1, 2, 2, 3, 3]);
    deepStrictEqual(
      times,
      times.toSorted((a, b) => a - b),
    );
  },
};

const allRules: Rules<EventStage> = {
  'all events are read in the order of their positions, each stream in its own, page by page': async (stage) => {
    for (const stream of ['b', 'a', 'b', 'c', 'a']) await append(stage, stream, { expected: 'any', amounts: [1, 1] });
    const read: StoredEvent[] = [];
    for (let page = await stage.store.readAll({ after: 0, limit: 3 }); page.length > 0; ) {
      ok(page.length <= 3);
      read.push(...page);
      page = await stage.store.readAll({ after: page.at(-1)!.position, limit: 3 });
    }
    const inOrder = 'b 1,b 2,a 1,a 2,b 3,b 4,c 1,c 2,a 3,a 4';
    strictEqual(read.map(({ stream, version }) => `${stream} ${version}`).join(), inOrder);
    ok(read.every(({ position }, index) => index === 0 || position > read[index - 1]!.position));
    deepStrictEqual(await stage.another().store.readAll({ after: 0 }), read);
  },

  'events are read up to a position that was read before, and the newest position is told': async (stage) => {
    strictEqual(await stage.store.head(), 0);
    await append(stage, 'a', { expected: 'none', amounts: [1, 2, 3] });
    const all = await stage.store.readAll({ after: 0 });
    const [, second, third] = all.map(({ position }) => position);
    strictEqual(await stage.store.head(), third);
    deepStrictEqual(await stage.store.readAll({ after: 0, upTo: second! }), all.slice(0, 2));
    deepStrictEqual(await stage.store.readAll({ after: 0, upTo: second!, limit: 1 }), all.slice(0, 1));
    deepStrictEqual(await stage.store.readAll({ after: second!, upTo: second! }), []);
  },
};

const events = [1, 2, 3].map(deposited);

const snapshotRules: Rules<EventStage> = {
  'a stream is loaded from its newest snapshot, and the events behind it': async ({ store }) => {
    deepStrictEqual(await store.load('a', 1), { snapshot: undefined, events: [] });
    await store.append({ stream: 'a', expected: 'none', events });
    deepStrictEqual((await store.load('a', 1)).events.length, 3);
    const at = async (version: number, state: unknown) =>
      store.append({ stream: 'a', expected: version, events, snapshot: { state, schema: 1 } });
    await at(3, { sum: 12 });
    deepStrictEqual(await store.load('a', 1), { snapshot: { state: { sum: 12 }, version: 6 }, events: [] });
    await append({ store }, 'a', { expected: 6, amounts: [9] });
    const { snapshot, events: behind } = await store.load('a', 1);
    deepStrictEqual([snapshot?.version, behind.map(({ version }) => version)], [6, [7]]);
    await at(7, { sum: 27 });
    deepStrictEqual((await store.load('a', 1)).snapshot, { state: { sum: 27 }, version: 10 });
  },

  'a snapshot of another schema is as good as none': async ({ store }) => {
    await store.append({ stream: 'a', expected: 'none', events, snapshot: { state: 'old', schema: 1 } });
    for (const schema of [undefined, 2]) {
      const { snapshot, events: all } = await store.load('a', schema);
      deepStrictEqual([snapshot, all.length], [undefined, 3]);
    }
  },

  'a snapshot is kept with its events, or not at all; with several appends the last one counts': async ({
    store,
    work,
  }) => {
    const snapshot = (state: string) => ({ state, schema: 1 });
    const refused = store.append({ stream: 'a', expected: 5, events, snapshot: snapshot('wrong') });
    await rejects(refused, conflict(0));
    strictEqual((await store.load('a', 1)).snapshot, undefined);
    await work.transaction(async () => {
      await store.append({ stream: 'a', expected: 'none', events, snapshot: snapshot('first') });
      await store.append({ stream: 'a', expected: 3, events, snapshot: snapshot('second') });
      await store.append({ stream: 'b', expected: 'none', events });
    });
    deepStrictEqual(await store.load('a', 1), { snapshot: { state: 'second', version: 6 }, events: [] });
    strictEqual((await store.load('b', 1)).snapshot, undefined);
  },
};

/** Streams are read in parts, as they were, from snapshots, and all together. */
export const readingRules: readonly Rules<EventStage>[] = [readRules, timeRules, allRules, snapshotRules];
