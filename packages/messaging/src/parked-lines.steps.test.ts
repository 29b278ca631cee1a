import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { Mark } from './inbox.ts';
import type { Message } from './message.ts';
import { aMessage } from './messaging.fixtures.ts';
import { ParkedLines } from './parked-lines.ts';
import type { ParkedHead, ParkedStatus } from './parking-lot.ts';

const LINE = { source: '/services/a', channel: 'a.events', key: 'k' };
const ALL = { atMost: 10, isEnough: () => false };
const ONE = { ...ALL, atMost: 1 };

const delivered = (sequence: number) => ({ ...aMessage('k', sequence), ack: () => {} });

const aHead = (sequence: number, status: ParkedStatus): ParkedHead => {
  const { message } = aMessage('k', sequence);
  const times = { firstFailedAt: message.time, nextAttemptAt: null };
  const told = { consumer: 'desk', type: message.type, attempts: 1, error: null, failedIn: null };
  return { ...LINE, ...told, ...times, id: `${sequence}`, sequence, status, message, due: true, last: false };
};

interface Told {
  readonly mark?: Mark;
  readonly heads?: readonly ParkedHead[];
  /** Whether the marks of its time may have been dropped. */
  readonly isForgotten?: boolean;
  /** What the handler throws. */
  readonly fails?: Error;
  /** What comes between the first transaction and its commit. */
  readonly atCommit?: (line: { heads: readonly ParkedHead[] }) => void;
}

/** One line in memory, and what is done with it. */
function aLine({
  mark = { sequence: 0, parked: true },
  heads = [],
  isForgotten = false,
  fails,
  atCommit = () => {},
}: Told) {
  const line = { mark, heads, done: [] as string[] };
  const notes = (what: string, { sequence }: { sequence: unknown }) => line.done.push(`${what} ${Number(sequence)}`);
  let depth = 0;
  let hasCommitted = false;
  const transaction = async <T>(work: () => Promise<T>): Promise<T> => {
    depth += 1;
    const result = await work().finally(() => {
      depth -= 1;
    });
    if (depth > 0 || hasCommitted) return result;
    hasCommitted = true;
    atCommit(line);
    return result;
  };
  const set = (_: unknown, next: Mark) => {
    line.mark = next;
  };
  const options = {
    work: { transaction, afterCommit: () => {} },
    inbox: { lock: async () => {}, mark: () => line.mark, set },
    lot: {
      heads: async () => line.heads,
      park: async (_: unknown, message: Message) => notes('parks', message),
      remove: async (head: ParkedHead) => notes('removes', head),
      failed: async (head: ParkedHead) => notes('blames', head),
    },
    handler: {
      isForgotten: () => isForgotten,
      dispatch: async (message: Message) => {
        notes('tries', message);
        if (fails) throw fails;
      },
      park: async (_: unknown, message: Message) => notes('parks', message),
      failure: () => ({}),
    },
    observer: {},
    consumer: 'desk',
  };
  return { line, lines: new ParkedLines(options as never) };
}

test('a floor below the mark does not take the mark back, though a message of the line is to be tried', async () => {
  const mark = { sequence: 6, parked: true };
  const { line, lines } = aLine({ mark, heads: [aHead(7, 'retrying')] });
  await lines.startAt(LINE, 3);
  strictEqual(line.mark, mark);
});

test('a new line does not begin beyond what waits in the parking lot', async () => {
  const { line, lines } = aLine({ heads: [aHead(3, 'waiting')] });
  await lines.startAt(LINE, 5);
  strictEqual(line.mark.sequence, 0);
  await lines.startAt(LINE, 3);
  deepStrictEqual(line.mark, { sequence: 2, parked: true, lastId: null, otherIds: null });
});

test('a message whose turn has come while it was to be set aside is not parked', async () => {
  const { line, lines } = aLine({ mark: { sequence: 4, parked: false } });
  strictEqual(await lines.spill(delivered(5)), false);
  strictEqual(await lines.spill(delivered(6)), true);
  deepStrictEqual([line.done, line.mark.parked], [['parks 6'], true]);
});

test('a message that was handled after all is not parked for having spoilt its batch', async () => {
  const { line, lines } = aLine({ mark: { sequence: 5, parked: false } });
  await lines.parkAlone(delivered(5), new Error('refused'));
  await lines.parkAlone(delivered(6), new Error('refused'));
  deepStrictEqual(line.done, ['parks 6']);
});

const throws = (error: Error) => (): void => {
  throw error;
};

test('an outage of the database is no fault of the message that was being tried', async () => {
  const fails = Object.assign(new Error('The server is gone.'), { code: 'ECONNRESET' });
  const heads = [aHead(1, 'retrying')];
  const late = aLine({ heads, atCommit: throws(fails) });
  await rejects(late.lines.move(LINE, ONE), /gone/);
  const early = aLine({ heads, fails });
  await rejects(early.lines.move(LINE, ONE), /gone/);
  deepStrictEqual([late.line.done, early.line.done], [['tries 1', 'removes 1'], ['tries 1']]);
});

test('the message that was being tried is blamed for its failure, and not who has taken its place since', async () => {
  const spoilt = throws(new Error('spoilt'));
  const same = aLine({ heads: [aHead(1, 'retrying')], atCommit: spoilt });
  await same.lines.move(LINE, ONE);
  deepStrictEqual(same.line.done, ['tries 1', 'removes 1', 'blames 1']);
  const atCommit: Told['atCommit'] = (line) => {
    line.heads = [aHead(2, 'waiting')];
    spoilt();
  };
  const other = aLine({ heads: [aHead(1, 'retrying')], atCommit });
  await other.lines.move(LINE, ONE);
  deepStrictEqual(other.line.done, ['tries 1', 'removes 1']);
});

test('a dead message behind one that was given up stays dead, and is not tried', async () => {
  const { line, lines } = aLine({ heads: [aHead(1, 'discarded'), aHead(2, 'dead')] });
  deepStrictEqual(await lines.move(LINE, ALL), { count: 1, mayFollow: false });
  deepStrictEqual([line.done, line.mark.sequence], [['removes 1'], 1]);
});

test('a message that somebody else has tried meanwhile is not tried again before its time', async () => {
  const { line, lines } = aLine({ heads: [{ ...aHead(1, 'retrying'), due: false }] });
  deepStrictEqual(await lines.move(LINE, ALL), { count: 0, mayFollow: false });
  deepStrictEqual([line.done, line.mark.sequence], [[], 0]);
});

test('the line of which nothing is left in the parking lot is open again', async () => {
  const { line, lines } = aLine({ mark: { sequence: 3, parked: true } });
  await lines.move(LINE, ALL);
  strictEqual(line.mark.parked, false);
});

test('a parked message that was handled after all is not tried again, and leaves the parking lot', async () => {
  const { line, lines } = aLine({ mark: { sequence: 5, parked: true }, heads: [aHead(5, 'waiting')] });
  await lines.move(LINE, ALL);
  deepStrictEqual([line.done, line.mark.sequence], [['removes 5'], 5]);
});

test('schedule 3.6: what waits there and may have been handled long ago is set aside, not tried', async () => {
  const { line, lines } = aLine({ heads: [aHead(1, 'waiting')], isForgotten: true });
  await lines.move(LINE, ALL);
  deepStrictEqual([line.done, line.mark.sequence], [['blames 1'], 0]);
});
