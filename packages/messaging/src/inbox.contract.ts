import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { ConcurrencyError } from '@ashlar/postgres';
import type { Rules } from '@ashlar/postgres/contract-suites';
import { type Inbox, type Line, type Mark, NEW_LINE } from './inbox.ts';
import { lineOfKey, type MessageStage, nextId } from './message-stage.fixtures.ts';

const K = lineOfKey('k');

/** Whose inbox, the desk's where it is not told; how often it begins again where it loses. */
type By = MessageStage & { readonly consumer?: string; readonly retries?: number };

/** Locks the lines, does something with their marks, and commits. */
function locked<T>(by: By, lines: readonly Line[], work: (inbox: Inbox) => Promise<T> | T): Promise<T> {
  const { storage, consumer = 'desk', retries = 10 } = by;
  const inbox = storage.inbox(consumer);
  return storage.work.transaction(
    async () => {
      await inbox.lock(lines);
      return work(inbox);
    },
    { retries },
  );
}

const setTo = (by: By, line: Line, mark: Mark) => locked(by, [line], (inbox) => inbox.set(line, mark));

const markOf = (by: By, line: Line) =>
  locked(by, [line], (inbox) => (inbox.knows(line) ? inbox.mark(line) : undefined));

const markRules: Rules<MessageStage> = {
  'promise 2: a mark moves when its transaction commits, and with nothing else': async (stage) => {
    const mark = { sequence: 1, parked: false, lastId: nextId() };
    const failing = locked(stage, [K], (inbox) => {
      inbox.set(K, mark);
      throw new Error('refused');
    });
    await rejects(failing, /refused/);
    strictEqual(await markOf(stage, K), undefined);
    await setTo(stage, K, mark);
    deepStrictEqual(await markOf(stage.another(), K), mark);
    await setTo(stage, K, { sequence: 2, parked: true, lastId: null });
    deepStrictEqual(await markOf(stage, K), { sequence: 2, parked: true, lastId: null });
  },

  'a mark knows the others of its number on which an operator has decided': async (stage) => {
    const mark = { sequence: 1, parked: false, lastId: nextId(), otherIds: [nextId(), nextId()] };
    await setTo(stage, K, mark);
    deepStrictEqual(await markOf(stage.another(), K), mark);
  },

  'a line without a mark has handled nothing; it gets one in this transaction': async (stage) => {
    await locked(stage, [K], (inbox) => {
      deepStrictEqual([inbox.knows(K), inbox.mark(K)], [false, NEW_LINE]);
      inbox.set(K, { sequence: 1, parked: false });
      deepStrictEqual([inbox.knows(K), inbox.mark(K).sequence], [true, 1]);
    });
    strictEqual((await markOf(stage, K))?.sequence, 1);
  },

  'each consumer, source, channel and key has a mark of its own': async (stage) => {
    const lines = [K, { ...K, source: '/services/b' }, { ...K, channel: 'b.events' }, { ...K, key: 'b' }];
    for (const [index, line] of lines.entries()) await setTo(stage, line, { sequence: index + 1, parked: false });
    await setTo({ ...stage, consumer: 'audit' }, K, { sequence: 9, parked: false });
    const sequences = await locked(stage, lines, (inbox) => lines.map((line) => inbox.mark(line).sequence));
    deepStrictEqual(sequences, [1, 2, 3, 4]);
  },

  'a part that fails gives the mark back as it was': async (stage) => {
    const other = lineOfKey('other');
    await locked(stage, [K], async (inbox) => {
      inbox.set(K, { sequence: 1, parked: false });
      const part = stage.storage.work.transaction(async () => {
        inbox.set(K, { sequence: 2, parked: true });
        inbox.set(K, { sequence: 3, parked: true });
        inbox.set(other, { sequence: 1, parked: false });
        throw new Error('refused');
      });
      await rejects(part, /refused/);
      deepStrictEqual([inbox.mark(K).sequence, inbox.knows(other)], [1, false]);
    });
    deepStrictEqual([(await markOf(stage, K))?.sequence, await markOf(stage, other)], [1, undefined]);
  },

  'a line that is locked once more has the mark that it was given meanwhile': async (stage) => {
    await setTo(stage, K, { sequence: 1, parked: false });
    await locked(stage, [K], async (inbox) => {
      inbox.set(K, { sequence: 2, parked: false });
      await inbox.lock([K, lineOfKey('other')]);
      strictEqual(inbox.mark(K).sequence, 2);
    });
    strictEqual((await markOf(stage, K))?.sequence, 2);
  },

  'how far a key has come is read without a lock, from whatever source': async (stage) => {
    const inbox = stage.storage.inbox('desk');
    strictEqual(await inbox.read(K), 0);
    await setTo(stage, K, { sequence: 3, parked: false });
    await setTo(stage, { ...K, source: '/services/b' }, { sequence: 5, parked: false });
    await setTo(stage, lineOfKey('other'), { sequence: 9, parked: false });
    await setTo({ ...stage, consumer: 'audit' }, K, { sequence: 9, parked: false });
    await locked(stage, [K], async () => strictEqual(await stage.another().storage.inbox('desk').read(K), 5));
  },
};

/** So many that whoever has begun before them is stopped by now, or would have gone on. */
const LOOKS = 30;

const lockRules: Rules<MessageStage> = {
  'promise 2: who locks a line second waits, and finds the mark where the first has left it': async (stage) => {
    await setTo(stage, K, { sequence: 1, parked: false });
    const [held, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const first = locked(stage, [K], async (inbox) => {
      held.resolve();
      await gate.promise;
      inbox.set(K, { ...inbox.mark(K), sequence: 2, parked: true });
    });
    await held.promise;
    const other = stage.another();
    const found: Mark[] = [];
    const second = locked(other, [K], (inbox) => {
      found.push(inbox.mark(K));
      inbox.set(K, { ...inbox.mark(K), sequence: 3 });
    });
    await stage.storage.inbox('desk').read(K);
    const early = found.length;
    gate.resolve();
    await Promise.all([first, second]);
    strictEqual(early, 0);
    deepStrictEqual(found, [{ sequence: 2, parked: true, lastId: null }]);
    deepStrictEqual(await markOf(stage, K), { sequence: 3, parked: true, lastId: null });
  },

  'promise 2: of two who give a line its first mark, one begins again': async (stage) => {
    const first = { sequence: 1, parked: false };
    const late = locked({ ...stage, retries: 0 }, [K], async (inbox) => {
      await setTo(stage.another(), K, first);
      inbox.set(K, first);
    });
    await rejects(late, ConcurrencyError);
  },

  'promise 2: a mark that was not locked is not moved past what it was': async (stage) => {
    await setTo(stage, K, { sequence: 5, parked: false });
    const blind = stage.storage.work.transaction(
      async () => stage.storage.inbox('desk').set(K, { sequence: 1, parked: false }),
      { retries: 0 },
    );
    await rejects(blind, ConcurrencyError);
    strictEqual((await markOf(stage, K))?.sequence, 5);
  },

  'promise 2: who locks several lines waits for each of them, in one order, and holds none that comes later': async (
    stage,
  ) => {
    const [a, b] = [lineOfKey('a'), lineOfKey('b')];
    for (const line of [a, b]) await setTo(stage, line, { sequence: 1, parked: false });
    const [second, third] = [stage.another(), stage.another()];
    // Whoever had to connect first could come too late to wait.
    for (const one of [second, third]) await locked(one, [lineOfKey('c')], () => {});
    const [held, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const found: number[] = [];
    const raise = (inbox: Inbox, line: Line) => {
      found.push(inbox.mark(line).sequence);
      inbox.set(line, { sequence: inbox.mark(line).sequence + 1, parked: false });
    };
    const first = locked({ ...stage, retries: 0 }, [a], async (inbox) => {
      held.resolve();
      await gate.promise;
      raise(inbox, a);
    });
    await held.promise;
    const both = locked({ ...second, retries: 0 }, [b, a], (inbox) => raise(inbox, a));
    const isStopped = both.then(
      () => found.length,
      (error: unknown) => error,
    );
    // As far as it comes: it waits for the first line, and has not taken the second one.
    const looks = async () => {
      for (let look = 0; look < LOOKS; look++) await locked({ ...third, retries: 0 }, [b], (inbox) => raise(inbox, b));
    };
    await looks().finally(gate.resolve);
    await first;
    strictEqual(await isStopped, LOOKS + 2);
    deepStrictEqual(found, [...Array.from({ length: LOOKS }, (_, look) => look + 1), 1, 2]);
  },

  'many who lock the same lines in any order all come through': async (stage) => {
    const lines = ['a', 'b', 'c'].map(lineOfKey);
    for (const line of lines) await setTo(stage, line, { sequence: 0, parked: false });
    const step = (order: readonly Line[]) =>
      locked(stage, order, (inbox) => {
        for (const line of order) inbox.set(line, { parked: false, sequence: inbox.mark(line).sequence + 1 });
      });
    await Promise.all(Array.from({ length: 8 }, (_, n) => step(n % 2 ? lines : lines.toReversed())));
    const sequences = await locked(stage, lines, (inbox) => lines.map((line) => inbox.mark(line).sequence));
    deepStrictEqual(sequences, [8, 8, 8]);
  },
};

const purgeRules: Rules<MessageStage> = {
  "marks of idle lines are dropped; never one with parked messages, nor another consumer's": async (stage) => {
    const [idle, parked, busy] = ['idle', 'parked', 'busy'].map(lineOfKey) as [Line, Line, Line];
    await setTo(stage, idle, { sequence: 1, parked: false });
    await setTo({ ...stage, consumer: 'audit' }, idle, { sequence: 1, parked: false });
    await setTo(stage, parked, { sequence: 1, parked: true });
    await setTo(stage, busy, { sequence: 1, parked: false });
    await stage.passes(60_000);
    await setTo(stage, busy, { sequence: 2, parked: false });
    await stage.storage.inbox('desk').purge(30_000);
    strictEqual(await markOf(stage, idle), undefined);
    strictEqual((await markOf({ ...stage, consumer: 'audit' }, idle))?.sequence, 1);
    strictEqual((await markOf(stage, parked))?.parked, true);
    strictEqual((await markOf(stage, busy))?.sequence, 2);
  },
};

/** Marks move forward in the transaction that has locked them, one consumer at a time. */
export const inboxRules: readonly Rules<MessageStage>[] = [markRules, lockRules, purgeRules];
