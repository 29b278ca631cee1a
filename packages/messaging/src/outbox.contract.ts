import { deepStrictEqual, notStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import type { Rules } from '@ashlar/postgres/contract-suites';
import { contextOrNew, runInContext } from '@ashlar/telemetry';
import { latest, type OutboxRow, outgoing, unordered } from './message.ts';
import type { MessageStage } from './message-stage.fixtures.ts';
import { OrderAnswered, OrderPlaced, placed } from './messaging.fixtures.ts';

const ALL = { after: 0, limit: 1_000 };
const CHANNEL = 'shop.events';

const nameOf = ({ key, sequence }: Pick<OutboxRow, 'key' | 'sequence'>): string => `${key}/${sequence}`;
const namesOf = (rows: readonly OutboxRow[]): string[] => rows.map(nameOf);
const unpublished = async ({ storage }: MessageStage) => namesOf(await storage.outbox.unpublished(ALL, 0));

const addingRules: Rules<MessageStage> = {
  'promise 1: a message is there when its transaction has committed, and not before': async (stage) => {
    await stage.storage.work.transaction(async () => {
      await stage.outbox.add([placed('k', 1)]);
      deepStrictEqual([await unpublished(stage.another()), stage.committed], [[], []]);
    });
    deepStrictEqual([await unpublished(stage), stage.committed.map(namesOf)], [['k/1'], [['k/1']]]);
  },

  'promise 1: a message of a transaction that fails never was, and leaves no hole': async (stage) => {
    const failing = stage.storage.work.transaction(async () => {
      await stage.outbox.add([placed('k', 1)]);
      throw new Error('refused');
    });
    await rejects(failing, /refused/);
    deepStrictEqual([await unpublished(stage), stage.committed], [[], []]);
    await stage.outbox.add([placed('k', 2)]);
    deepStrictEqual(await unpublished(stage), ['k/1']);
  },

  'a part that fails takes back what it had to say, and nothing else': async (stage) => {
    const { work } = stage.storage;
    await work.transaction(async () => {
      await stage.outbox.add([placed('a', 1)]);
      const part = work.transaction(async () => {
        await stage.outbox.add([placed('b', 1)]);
        throw new Error('refused');
      });
      await rejects(part, /refused/);
      await stage.outbox.add([placed('c', 1)]);
    });
    deepStrictEqual(await unpublished(stage), ['a/1', 'c/1']);
  },

  'saying nothing is nothing, and outside of a transaction each time is one of its own': async (stage) => {
    await stage.outbox.add([]);
    await stage.outbox.add([placed('a', 1), placed('b', 1)]);
    deepStrictEqual(stage.committed.map(namesOf), [['a/1', 'b/1']]);
  },

  'of what is said in one transaction of how things stand, the last is said, and leaves no hole': async (stage) => {
    await stage.storage.work.transaction(async () => {
      await stage.outbox.add([latest(OrderPlaced, 'a', { n: 1 }), placed('a', 2), latest(OrderPlaced, 'b', { n: 3 })]);
      await stage.outbox.add([latest(OrderPlaced, 'a', { n: 4 })]);
    });
    const rows = await stage.storage.outbox.unpublished(ALL, 0);
    const said = rows.map((row) => `${nameOf(row)} ${(row.data as { n: number }).n}`);
    deepStrictEqual(said, ['a/1 2', 'b/1 3', 'a/2 4']);
    deepStrictEqual(stage.committed.map(namesOf), [['a/1', 'b/1', 'a/2']]);
  },

  'what breaks its contract is refused where it is said': async (stage) => {
    await rejects(stage.outbox.add([outgoing(OrderPlaced, 'k', { n: 0.5 })]), TypeError);
    await rejects(stage.outbox.add([placed('', 1)]), TypeError);
    deepStrictEqual(await unpublished(stage), []);
  },
};

const numberRules: Rules<MessageStage> = {
  'promise 3: numbers are dense from 1 for each channel and key, in the order of saying': async (stage) => {
    await stage.outbox.add([placed('a', 1), placed('b', 1), placed('a', 2), outgoing(OrderAnswered, 'a', { n: 1 })]);
    await stage.outbox.add([placed('a', 3), placed('b', 2)]);
    const rows = await stage.storage.outbox.unpublished(ALL, 0);
    deepStrictEqual(
      rows.map((row) => `${row.channel} ${nameOf(row)} ${(row.data as { n: number }).n}`),
      [
        'shop.events a/1 1',
        'shop.events b/1 1',
        'shop.events a/2 2',
        'desk.events a/1 1',
        'shop.events a/3 3',
        'shop.events b/2 2',
      ],
    );
    ok(rows.every(({ position }, index) => index === 0 || position > rows[index - 1]!.position));
  },

  'promise 3: many who say something of one key at once get each number once': async (stage) => {
    await Promise.all(Array.from({ length: 12 }, (_, n) => stage.outbox.add([placed('k', n)])));
    const rows = await stage.storage.outbox.unpublished(ALL, 0);
    deepStrictEqual(
      rows.map(({ sequence }) => sequence),
      Array.from({ length: 12 }, (_, index) => index + 1),
    );
  },

  'promise 3: the numbers of a key go on when its rows are long gone': async (stage) => {
    await stage.outbox.add([placed('k', 1)]);
    await stage.storage.outbox.markPublished(stage.committed[0]!.map(({ position }) => position));
    await stage.passes(1_000);
    strictEqual(await stage.storage.outbox.purge(500, 10), 1);
    await stage.outbox.add([placed('k', 2)]);
    deepStrictEqual(await unpublished(stage), ['k/2']);
  },

  'a message in no order is its own key': async (stage) => {
    await stage.outbox.add([unordered(OrderPlaced, { n: 1 }), unordered(OrderPlaced, { n: 2 })]);
    const rows = await stage.storage.outbox.unpublished(ALL, 0);
    ok(rows.every(({ id, key, sequence }) => key === id && sequence === 1));
    notStrictEqual(rows[0]!.id, rows[1]!.id);
  },
};

const readingRules: Rules<MessageStage> = {
  'what is kept is what was handed over after the commit, to the letter': async (stage) => {
    const given = contextOrNew();
    await runInContext({ ...given, causationId: 'cause' }, () => stage.outbox.add([placed('k', 1)]));
    const [row] = await stage.storage.outbox.unpublished(ALL, 0);
    deepStrictEqual(row, JSON.parse(JSON.stringify(stage.committed[0]![0])));
    deepStrictEqual([row!.context.correlationid, row!.context.causationid], [given.correlationId, 'cause']);
    strictEqual(new Date(row!.time).toISOString(), row!.time);
  },

  'whoever said something hears which numbers it got': async (stage) => {
    await stage.outbox.add([placed('k', 1)]);
    const heard: unknown[] = [];
    const context = { ...contextOrNew(), onWritten: (written: unknown) => void heard.push(written) };
    await runInContext(context, () => stage.outbox.add([placed('k', 2)]));
    deepStrictEqual(heard, [[{ channel: CHANNEL, key: 'k', sequence: 2 }]]);
  },

  'rows come in pages, in the order of their positions': async (stage) => {
    await stage.outbox.add(['a', 'b', 'c'].map((key) => placed(key, 1)));
    await stage.outbox.add([outgoing(OrderAnswered, 'd', { n: 1 })]);
    const { outbox } = stage.storage;
    const first = await outbox.unpublished({ after: 0, limit: 2 }, 0);
    const rest = await outbox.unpublished({ after: first.at(-1)!.position, limit: 5 }, 0);
    deepStrictEqual(
      [namesOf(first), namesOf(rest)],
      [
        ['a/1', 'b/1'],
        ['c/1', 'd/1'],
      ],
    );
    deepStrictEqual(namesOf(await outbox.ofChannel(CHANNEL, { after: first[0]!.position, limit: 5 })), ['b/1', 'c/1']);
    deepStrictEqual(namesOf(await outbox.ofChannel(CHANNEL, { after: 0, limit: 1 })), ['a/1']);
    deepStrictEqual(await outbox.ofChannel('nobody.events', ALL), []);
  },

  'the sweeper sees only what is old enough': async (stage) => {
    await stage.outbox.add([placed('old', 1)]);
    await stage.passes(60_000);
    await stage.outbox.add([placed('new', 1)]);
    deepStrictEqual(namesOf(await stage.storage.outbox.unpublished(ALL, 30_000)), ['old/1']);
  },

  'a gap is read from the first to the last that is missing, published or not': async (stage) => {
    const { outbox } = stage.storage;
    await stage.outbox.add([1, 2, 3, 4, 5].map((n) => placed('k', n)));
    await stage.outbox.add([placed('other', 2)]);
    await outbox.markPublished(stage.committed[0]!.slice(0, 3).map(({ position }) => position));
    const gap = { source: '/services/shop', channel: CHANNEL, key: 'k', from: 2, to: 4 };
    deepStrictEqual(namesOf(await outbox.ofLine(gap, 9)), ['k/2', 'k/3', 'k/4']);
    deepStrictEqual(namesOf(await outbox.ofLine(gap, 2)), ['k/2', 'k/3']);
    strictEqual(await outbox.floorOf(gap), 2);
    strictEqual(await outbox.floorOf({ ...gap, from: 6 }), undefined);
    strictEqual(await outbox.floorOf({ ...gap, key: 'nobody' }), undefined);
    strictEqual(await outbox.floorOf({ ...gap, channel: 'desk.events' }), undefined);
  },
};

const againRules: Rules<MessageStage> = {
  'what was published within a time is read by its channel, and nothing that was not published': async (stage) => {
    const { outbox } = stage.storage;
    await stage.outbox.add(['old', 'late', 'unpublished'].map((key) => placed(key, 1)));
    const [old, late] = stage.committed[0]!.map(({ position }) => position);
    await outbox.markPublished([old!]);
    await stage.passes(60_000);
    await outbox.markPublished([late!]);
    const within = async (ms: number, channel = CHANNEL) => namesOf(await outbox.publishedWithin(ms, channel, ALL));
    deepStrictEqual(await within(30_000), ['late/1']);
    deepStrictEqual(await within(Number.MAX_SAFE_INTEGER), ['old/1', 'late/1']);
    deepStrictEqual(await within(30_000, 'desk.events'), []);
    deepStrictEqual(namesOf(await outbox.publishedWithin(90_000, CHANNEL, { after: old!, limit: 5 })), ['late/1']);
  },

  'what was said since a moment is read and counted, published or not': async (stage) => {
    const { outbox } = stage.storage;
    await stage.outbox.add([placed('a', 1)]);
    const { time } = stage.committed[0]![0]!;
    await stage.outbox.add([placed('a', 2), placed('b', 1)]);
    const [said, later] = [new Date(time), new Date(Date.parse(time) + 60_000)];
    deepStrictEqual(namesOf(await outbox.since(said, ALL)), ['a/1', 'a/2', 'b/1']);
    deepStrictEqual(namesOf(await outbox.since(said, { after: 0, limit: 1 })), ['a/1']);
    deepStrictEqual([await outbox.countSince(said), await outbox.countSince(later)], [3, 0]);
    deepStrictEqual(await outbox.since(later, ALL), []);
  },

  'schedule 2.6: what has been dropped is known by its channel, keys and number': async (stage) => {
    const { outbox } = stage.storage;
    deepStrictEqual(await outbox.missing(), []);
    await stage.outbox.add([placed('a', 1), placed('a', 2), placed('b', 1), placed('c', 1)]);
    deepStrictEqual(await outbox.missing(), []);
    const [a1, a2, b1] = stage.committed[0]!.map(({ position }) => position);
    await outbox.markPublished([a1!, a2!, b1!]);
    await stage.passes(60_000);
    await outbox.purge(30_000, 10);
    deepStrictEqual(await outbox.missing(), [{ channel: CHANNEL, keys: 2, messages: 3 }]);
  },
};

const publishedRules: Rules<MessageStage> = {
  'a row that is marked is published, for everybody, and still kept': async (stage) => {
    const { outbox } = stage.storage;
    await stage.outbox.add(['a', 'b', 'c'].map((key) => placed(key, 1)));
    const [a, , c] = stage.committed[0]!.map(({ position }) => position);
    await outbox.markPublished([a!, c!]);
    await outbox.markPublished([a!]);
    await outbox.markPublished([]);
    deepStrictEqual(await unpublished(stage.another()), ['b/1']);
    deepStrictEqual(namesOf(await outbox.ofChannel(CHANNEL, ALL)), ['a/1', 'b/1', 'c/1']);
  },

  'what was published long ago is dropped, some at a time; never what was not': async (stage) => {
    const { outbox } = stage.storage;
    await stage.outbox.add(['a', 'b', 'c', 'waiting'].map((key) => placed(key, 1)));
    const [a, b, c] = stage.committed[0]!.map(({ position }) => position);
    await outbox.markPublished([a!, b!]);
    await stage.passes(60_000);
    await outbox.markPublished([c!, a!]);
    strictEqual(await outbox.purge(30_000, 1), 1);
    deepStrictEqual(namesOf(await outbox.ofChannel(CHANNEL, ALL)), ['b/1', 'c/1', 'waiting/1']);
    strictEqual(await outbox.purge(30_000, 10), 1);
    strictEqual(await outbox.purge(30_000, 10), 0);
    deepStrictEqual(namesOf(await outbox.ofChannel(CHANNEL, ALL)), ['c/1', 'waiting/1']);
    strictEqual(await outbox.floorOf({ channel: CHANNEL, key: 'a', from: 1 }), undefined);
  },
};

/** Rows are drawn in one transaction with everything else, numbered densely, and kept until they are published. */
export const outboxRules: readonly Rules<MessageStage>[] = [
  addingRules,
  numberRules,
  readingRules,
  againRules,
  publishedRules,
];
