import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { ConcurrencyError } from '@ashlar/postgres';
import type { Rules } from '@ashlar/postgres/contract-suites';
import type { Line, Mark } from './inbox.ts';
import type { Parcel } from './message.ts';
import { lineOfKey, type MessageStage, nextId } from './message-stage.fixtures.ts';
import { aMessage } from './messaging.fixtures.ts';
import { type Failure, MOVE_AT_ONCE, type ParkedHead, type ParkingLot } from './parking-lot.ts';

const K = lineOfKey('k');
const poison: Failure = { error: new Error('poison'), retryInMs: 1_000 };

const lotOf = ({ storage }: MessageStage, consumer = 'desk'): ParkingLot => storage.parkingLot(consumer, nextId);

const headOf = async (lot: ParkingLot, line: Line): Promise<ParkedHead | undefined> => (await lot.heads(line, 1))[0];

/** Parks messages of one key, and marks its line. */
function park(stage: MessageStage, key: string, given: { sequences: number[]; mark?: Mark; failure?: Failure }) {
  const { sequences, mark = { sequence: 0, parked: true }, failure } = given;
  const line = lineOfKey(key);
  return stage.storage.work.transaction(async () => {
    const inbox = stage.storage.inbox('desk');
    await inbox.lock([line]);
    inbox.set(line, mark);
    for (const sequence of sequences) await lotOf(stage).park(line, aMessage(key, sequence).message, failure);
  });
}

const told = (head: ParkedHead | undefined) =>
  head &&
  `${head.key}/${head.sequence} ${head.status} ${head.attempts}${head.due ? ' due' : ''}${head.last ? ' last' : ''}`;
const keysOf = (lines: readonly Pick<Line, 'key'>[]): string[] => lines.map(({ key }) => key).sort();

const parkRules: Rules<MessageStage> = {
  'the first messages of a line are told in order, and which of them is the last': async (stage) => {
    await park(stage, 'k', { sequences: [3, 1, 2] });
    const heads = async (limit: number) =>
      (await lotOf(stage).heads(K, limit)).map(({ sequence, last }) => `${sequence}${last ? ' last' : ''}`);
    deepStrictEqual(
      [await heads(2), await heads(3), await heads(9)],
      [
        ['1', '2'],
        ['1', '2', '3 last'],
        ['1', '2', '3 last'],
      ],
    );
  },

  'promise 4: a message is parked in its transaction, and as it was': async (stage) => {
    const { message }: Parcel = aMessage('k', 3);
    const failing = stage.storage.work.transaction(async () => {
      await lotOf(stage).park(K, message, poison);
      throw new Error('refused');
    });
    await rejects(failing, /refused/);
    strictEqual(await headOf(lotOf(stage), K), undefined);
    await lotOf(stage).park(K, message, { error: new TypeError('no\0such thing') });
    const { id, firstFailedAt, ...parked } = (await headOf(lotOf(stage.another()), K))!;
    ok(id.length > 0 && new Date(firstFailedAt).toISOString() === firstFailedAt);
    deepStrictEqual(parked, {
      ...K,
      consumer: 'desk',
      sequence: 3,
      type: message.type,
      status: 'dead',
      attempts: 1,
      error: 'TypeError: nosuch thing',
      nextAttemptAt: null,
      message,
      failedIn: null,
      due: true,
      last: true,
    });
  },

  'where a message has failed last is told with it; a failure that was no try changes nothing': async (stage) => {
    const failedIn = async () => (await headOf(lotOf(stage), K))?.failedIn;
    const failed = async (failure: Failure) => lotOf(stage).failed((await headOf(lotOf(stage), K))!, failure);
    await lotOf(stage).park(K, aMessage('k', 1).message, { ...poison, failedIn: 'the first' });
    strictEqual(await failedIn(), 'the first');
    await failed({ ...poison, failedIn: 'the second' });
    await failed(poison);
    strictEqual(await failedIn(), 'the second');
  },

  'a message that comes again is parked once, as it was the first time': async (stage) => {
    const { message } = aMessage('k', 1);
    await lotOf(stage).park(K, message, poison);
    await lotOf(stage).park(K, message);
    await stage.storage.work.transaction(async () => {
      for (let n = 0; n < 2; n++) await lotOf(stage).park(K, message, { error: 'again' });
    });
    strictEqual(told(await headOf(lotOf(stage), K)), 'k/1 retrying 1 last');
  },

  'each consumer has a lot of its own': async (stage) => {
    await lotOf(stage).park(K, aMessage('k', 1).message);
    strictEqual(await headOf(lotOf(stage, 'audit'), K), undefined);
    strictEqual(await headOf(lotOf(stage), { ...K, source: '/services/b' }), undefined);
    strictEqual(await headOf(lotOf(stage), { ...K, channel: 'b.events' }), undefined);
  },
};

const headRules: Rules<MessageStage> = {
  'promise 3: the head of a line is the lowest number, whoever came first': async (stage) => {
    for (const sequence of [3, 12, 2]) await lotOf(stage).park(K, aMessage('k', sequence).message);
    const heads: unknown[] = [];
    for (let head = await headOf(lotOf(stage), K); head; head = await headOf(lotOf(stage), K)) {
      heads.push(told(head));
      await lotOf(stage).remove(head);
    }
    deepStrictEqual(heads, ['k/2 waiting 0 due', 'k/3 waiting 0 due', 'k/12 waiting 0 due last']);
  },

  'a retry is due when its time has come; the dead and those that wait do not wait for a time': async (stage) => {
    await lotOf(stage).park(K, aMessage('k', 1).message, { ...poison, retryInMs: 60_000 });
    const head = (await headOf(lotOf(stage), K))!;
    deepStrictEqual([head.due, new Date(head.nextAttemptAt!).toISOString()], [false, head.nextAttemptAt]);
    await stage.passes(60_001);
    strictEqual((await headOf(lotOf(stage), K))?.due, true);
  },

  'another failure counts, and is the last one where no time is told': async (stage) => {
    await lotOf(stage).park(K, aMessage('k', 1).message, poison);
    await lotOf(stage).failed((await headOf(lotOf(stage), K))!, { error: new Error('again'), retryInMs: 60_000 });
    const again = await headOf(lotOf(stage), K);
    deepStrictEqual([told(again), again?.error], ['k/1 retrying 2 last', 'Error: again']);
    await lotOf(stage).failed(again!, { error: new Error('at last') });
    const dead = await headOf(lotOf(stage), K);
    deepStrictEqual([told(dead), dead?.error, dead?.nextAttemptAt], ['k/1 dead 3 due last', 'Error: at last', null]);
  },

  'a message that is gone already cannot be removed: someone else has handled it': async (stage) => {
    await lotOf(stage).park(K, aMessage('k', 1).message);
    const head = (await headOf(lotOf(stage), K))!;
    await lotOf(stage).remove(head);
    const again = stage.storage.work.transaction(() => lotOf(stage).remove(head), { retries: 0 });
    await rejects(again, ConcurrencyError);
    await lotOf(stage).park(K, aMessage('k', 1).message);
    await lotOf(stage).failed(head, poison);
    strictEqual(told(await headOf(lotOf(stage), K)), 'k/1 waiting 0 due last', 'Another one has its number now.');
  },
};

const moveRules: Rules<MessageStage> = {
  'promise 4: lines may move whose head is next and waits, or is due': async (stage) => {
    await park(stage, 'waiting', { sequences: [1, 2] });
    await park(stage, 'handled', { sequences: [3], mark: { sequence: 7, parked: true } });
    await park(stage, 'due', { sequences: [1, 2], failure: { ...poison, retryInMs: 0 } });
    await park(stage, 'later', { sequences: [1], failure: { ...poison, retryInMs: 60_000 } });
    await park(stage, 'dead', { sequences: [1], failure: { error: 'dead' } });
    await park(stage, 'behind a gap', { sequences: [3] });
    await stage.passes(1);
    deepStrictEqual(keysOf(await lotOf(stage).movable()), ['due', 'handled', 'waiting']);
    deepStrictEqual(await lotOf(stage, 'audit').movable(), []);
    await stage.passes(60_000);
    deepStrictEqual(keysOf(await lotOf(stage).movable()), ['due', 'handled', 'later', 'waiting']);
  },

  'promise 4: what is behind a dead message waits, however long': async (stage) => {
    await park(stage, 'k', { sequences: [1], failure: { error: 'dead' } });
    await park(stage, 'k', { sequences: [2, 3] });
    await stage.passes(600_000);
    deepStrictEqual(await lotOf(stage).movable(), []);
  },

  'promise 4: many lines that cannot move keep none that can from being seen': async (stage) => {
    for (let n = 0; n <= MOVE_AT_ONCE; n++) await park(stage, `dead ${n}`, { sequences: [1], failure: { error: 'x' } });
    await park(stage, 'zulu', { sequences: [1] });
    deepStrictEqual(keysOf(await lotOf(stage).movable()), ['zulu']);
  },

  'a line without a mark moves nowhere and misses nothing': async (stage) => {
    await lotOf(stage).park(K, aMessage('k', 3).message);
    deepStrictEqual([await lotOf(stage).movable(), await lotOf(stage).gaps()], [[], []]);
  },
};

const gapRules: Rules<MessageStage> = {
  'promise 4: a line whose first message is not its next misses those between': async (stage) => {
    await park(stage, 'k', { sequences: [9, 5], mark: { sequence: 2, parked: true } });
    await park(stage, 'next', { sequences: [3], mark: { sequence: 2, parked: true } });
    await park(stage, 'handled', { sequences: [1], mark: { sequence: 2, parked: true } });
    await park(stage, 'dead', { sequences: [4], failure: { error: 'dead' } });
    const gaps = (await lotOf(stage).gaps()).sort((a, b) => (a.key < b.key ? -1 : 1));
    deepStrictEqual(gaps, [
      { ...lineOfKey('dead'), from: 1, to: 3 },
      { ...K, from: 3, to: 4 },
    ]);
    deepStrictEqual(await lotOf(stage, 'audit').gaps(), []);
  },

  'promise 4: gaps are told by the hundred, and each comes in its turn': async (stage) => {
    const keys = Array.from({ length: 2 * MOVE_AT_ONCE + 1 }, (_, n) => `k${n}`);
    for (const key of keys) await park(stage, key, { sequences: [3] });
    const told: string[] = [];
    for (let page = await lotOf(stage).gaps(); page.length > 0; page = await lotOf(stage).gaps(page.at(-1))) {
      ok(page.length <= MOVE_AT_ONCE);
      told.push(...keysOf(page));
    }
    deepStrictEqual(told.sort(), keys.sort());
  },
};

/** Messages that have failed wait in the order of their line, each for as long as it was told to. */
export const parkingLotRules: readonly Rules<MessageStage>[] = [parkRules, headRules, moveRules, gapRules];
