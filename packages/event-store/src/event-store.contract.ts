import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { ConcurrencyError } from '@ashlar/postgres';
import { contractSuite, type Rules } from '@ashlar/postgres/contract-suites';
import { amounts, append, conflict, type EventStage } from './event-stage.fixtures.ts';
import { readingRules } from './event-store.reading.contract.ts';
import type { Append, ExpectedVersion } from './event-store.ts';

/** Two appends to the stream `a` in one transaction: of two events, and of one. */
const twice = (stage: EventStage, first: ExpectedVersion, second: ExpectedVersion) =>
  stage.work.transaction(
    async () => {
      await append(stage, 'a', { expected: first, amounts: [1, 2] });
      await append(stage, 'a', { expected: second, amounts: [3] });
    },
    { retries: 0 },
  );

type Put = (stage: EventStage, stream: string, given: Parameters<typeof append>[2]) => Promise<void>;

/** In one call with an append to another stream. */
const appendWithOthers: Put = (stage, ...given) =>
  stage.work.transaction(
    async () => {
      await append(stage, 'z', { expected: 'any', amounts: [0] });
      await append(stage, ...given);
    },
    { retries: 0 },
  );

const expectationRules = (how: string, put: Put): Rules<EventStage> => ({
  [`«none» begins a stream, and is refused with the actual version where there is one${how}`]: async (stage) => {
    await put(stage, 'a', { expected: 'none', amounts: [1, 2] });
    await rejects(put(stage, 'a', { expected: 'none', amounts: [3] }), conflict(2));
    deepStrictEqual(await amounts(stage), [1, 2]);
  },

  [`an exact version continues a stream; any other is refused with the actual version${how}`]: async (stage) => {
    await put(stage, 'a', { expected: 0, amounts: [1] });
    await put(stage, 'a', { expected: 1, amounts: [2, 3] });
    await rejects(put(stage, 'a', { expected: 1, amounts: [4] }), conflict(3));
    await rejects(put(stage, 'a', { expected: 9, amounts: [4] }), conflict(3));
    await rejects(put(stage, 'nowhere', { expected: 5, amounts: [4] }), conflict(0));
    deepStrictEqual(await amounts(stage), [1, 2, 3]);
  },

  [`a number that is no version, such as one before none, is refused like any other that is not the actual one${how}`]:
    async (stage) => {
      for (const expected of [-1, -2, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
        await rejects(put(stage, 'nowhere', { expected, amounts: [1] }), conflict(0), `${expected}`);
      }
      await put(stage, 'a', { expected: 'none', amounts: [1] });
      for (const expected of [-1, -2, 1.5]) {
        await rejects(put(stage, 'a', { expected, amounts: [2] }), conflict(1), `${expected}`);
      }
      deepStrictEqual(await amounts(stage), [1]);
    },

  [`«exists» continues any stream but begins none; «any» does both${how}`]: async (stage) => {
    await rejects(put(stage, 'a', { expected: 'exists', amounts: [1] }), conflict(0));
    await put(stage, 'a', { expected: 'any', amounts: [1] });
    await put(stage, 'a', { expected: 'exists', amounts: [2] });
    await put(stage, 'a', { expected: 'any', amounts: [3] });
    deepStrictEqual(await amounts(stage), [1, 2, 3]);
  },

  [`appending nothing is nothing, whatever is expected${how}`]: async (stage) => {
    await put(stage, 'a', { expected: 7, amounts: [] });
    deepStrictEqual(await amounts(stage), []);
  },
});

const refused = (stage: EventStage, append: Partial<Append>, message: RegExp) =>
  rejects(stage.store.append({ stream: 'a', expected: 'any', events: [{ type: 'Deposited', data: {} }], ...append }), {
    name: 'TypeError',
    message,
  });

const formRules: Rules<EventStage> = {
  'a name that could be taken for that of another stream is refused, by readers as well': async (stage) => {
    await append(stage, '\ufffd', { expected: 'none', amounts: [1] });
    for (const [n, stream] of ['', '\ud800', '\udc00', 'a\0b', 'a'.repeat(10_000)].entries()) {
      await refused(stage, { stream }, /^The name of a stream (is empty|has)/);
      await rejects(stage.store.read(stream), /^TypeError: The name of a stream/);
      await rejects(stage.store.load(stream), /^TypeError: The name of a stream/);
      await stage.work.transaction(async () => {
        await append(stage, 'b', { expected: n, amounts: [1] });
        await refused(stage, { stream }, /^The name of a stream/);
      });
    }
    strictEqual((await stage.store.readAll({ after: 0 })).length, 6);
  },

  'what would be read as something else is refused: types, data, snapshots': async (stage) => {
    await refused(stage, { events: [{ type: 'D\ud800', data: {} }] }, /^The type of an event has characters/);
    for (const part of [Number.NaN, 'half \ud800', '\0', new Map(), 10n]) {
      const data = { part };
      await refused(stage, { events: [{ type: 'D', data }] }, /^The data of D for the stream a .*: \/part /);
      await refused(stage, { snapshot: { state: data, schema: 1 } }, /^The snapshot of the stream a .*: \/part /);
    }
    deepStrictEqual(await stage.store.read('a'), []);
  },

  'what is unusual but JSON is read as it was told': async (stage) => {
    const names = JSON.parse('{"__proto__":{"constructor":1},"toString":"x","":0}') as unknown;
    const data = { names, numbers: [2 ** 53 + 2, 1e308, 5e-324, 1e-7], text: 'x'.repeat(1_000_000), face: '😀' };
    await stage.store.append({ stream: 'a', expected: 'none', events: [{ type: 'D', data }] });
    const [read] = await stage.store.read('a');
    deepStrictEqual(read!.data, data);
  },
};

const raceRules: Rules<EventStage> = {
  'of many who append to the same version, one wins, and the others hear how far the stream is': async (stage) => {
    await append(stage, 'a', { expected: 'none', amounts: [0] });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 16 }, (_, n) => append(stage, 'a', { expected: 1, amounts: [n] })),
    );
    const lost = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
    strictEqual(lost.length, 15);
    ok(lost.every(conflict(2)));
    strictEqual((await amounts(stage)).length, 2);
  },

  'a stream that is begun by many at once is begun once': async (stage) => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 16 }, (_, n) => append(stage, 'a', { expected: 'none', amounts: [n] })),
    );
    strictEqual(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
  },
};

const transactionRules: Rules<EventStage> = {
  'several streams commit together, or not at all': async (stage) => {
    const work = (expectedOfB: ExpectedVersion) =>
      stage.work.transaction(
        async () => {
          await append(stage, 'b', { expected: expectedOfB, amounts: [2] });
          await append(stage, 'a', { expected: 'any', amounts: [1] });
          deepStrictEqual(await amounts(stage.another()), []);
        },
        { retries: 0 },
      );
    await rejects(work(3), conflict(0));
    deepStrictEqual(await stage.store.readAll({ after: 0 }), []);
    await work('none');
    deepStrictEqual([await amounts(stage, 'a'), await amounts(stage, 'b')], [[1], [2]]);
  },

  'a failed part of a transaction takes its appends back': async (stage) => {
    await stage.work.transaction(async () => {
      await append(stage, 'a', { expected: 'none', amounts: [1] });
      const part = stage.work.transaction(async () => {
        await append(stage, 'a', { expected: 1, amounts: [2] });
        throw new Error('refused');
      });
      await rejects(part, /refused/);
      await append(stage, 'a', { expected: 1, amounts: [3] });
    });
    deepStrictEqual(await amounts(stage), [1, 3]);
  },

  'transactions that append to the same streams in opposite order all come through': async (stage) => {
    const both = (streams: readonly string[]) =>
      stage.work.transaction(
        async () => {
          for (const stream of streams) await append(stage, stream, { expected: 'any', amounts: [1] });
        },
        { retries: 0 },
      );
    await Promise.all(Array.from({ length: 24 }, (_, n) => both(n % 2 ? ['a', 'b'] : ['b', 'a'])));
    deepStrictEqual([(await amounts(stage, 'a')).length, (await amounts(stage, 'b')).length], [24, 24]);
  },
};

const mergeRules: Rules<EventStage> = {
  'two appends to one stream in one transaction are one, if the second expects what the first leaves': async (
    stage,
  ) => {
    await twice(stage, 'none', 2);
    await twice(stage, 3, 5);
    await twice(stage, 'any', 'exists');
    await twice(stage, 'exists', 11);
    await twice(stage, 12, 'any');
    deepStrictEqual((await amounts(stage)).join(''), '123'.repeat(5));
  },

  'two appends to one stream that contradict each other are refused': async (stage) => {
    for (const [first, second] of [
      ['none', 1],
      ['none', 'none'],
      [0, 3],
      [0, 0],
      ['any', 1],
      ['any', 'none'],
      ['exists', 2],
    ] as const)
      await rejects(twice(stage, first, second), ConcurrencyError, `${first}, then ${second}`);
    deepStrictEqual(await amounts(stage), []);
  },

  'an exact version after «any» still has to be the actual one': async (stage) => {
    await append(stage, 'a', { expected: 'none', amounts: [0, 0, 0] });
    await rejects(twice(stage, 'any', 3), conflict(3));
    await rejects(twice(stage, 'exists', 6), conflict(3));
    await twice(stage, 'any', 5);
    strictEqual((await amounts(stage)).length, 6);
  },

  'two stores append in one order, and to one stream as one': async (stage) => {
    const other = stage.another();
    await stage.work.transaction(async () => {
      await append(stage, 'b', { expected: 'none', amounts: [1] });
      await append(stage, 'a', { expected: 'none', amounts: [1] });
      await append(stage, 'b', { expected: 1, amounts: [2] });
    });
    deepStrictEqual(await amounts(other, 'b'), [1, 2]);
    const order = (await stage.store.readAll({ after: 0 })).map(({ stream }) => stream);
    deepStrictEqual(order, ['a', 'b', 'b']);
  },
};

/** Streams grow by one writer at a time, each in its order, and all of them in one. */
export const eventStoreContract = contractSuite<EventStage>(
  expectationRules('', append),
  expectationRules(', beside another stream', appendWithOthers),
  formRules,
  raceRules,
  transactionRules,
  mergeRules,
  ...readingRules,
);
