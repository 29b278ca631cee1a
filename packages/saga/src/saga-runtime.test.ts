import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { DomainError } from '@ashlar/domain';
import { databaseMissing } from '@ashlar/postgres';
import { defineSaga } from './definition.ts';
import { useReplicas } from './runtime.fixtures.ts';
import {
  FlightBooked,
  FlightRefused,
  HotelBooked,
  localTrip,
  MoneyFreed,
  MoneyHeld,
  MoneyRefused,
  MoneyTaken,
  TicketIssued,
  type Trip,
  trip,
  tripByEvents,
  VoucherSent,
} from './trip.fixtures.ts';

const setUp = useReplicas();
const needsDatabase = { skip: databaseMissing };
const A = { id: 'a' };
const failure = new Error('The disk is full.');

test('a saga and its first command are stored together', needsDatabase, async (t) => {
  const replica = (await setUp(t))();
  await replica.runtime.start(A);
  deepStrictEqual(await replica.sent('a'), ['HoldMoney']);
  strictEqual((await replica.view('a'))?.status, 'running');
});

test('a saga whose business transaction fails was never there, nor was its command', needsDatabase, async (t) => {
  const replica = (await setUp(t))();
  const placed = replica.db.transaction(async () => {
    await replica.runtime.start(A);
    throw failure;
  });
  await rejects(placed, failure);
  deepStrictEqual([await replica.view('a'), await replica.sent('a')], [undefined, []]);
});

test(
  'a reply moves the state and sends the next command in the transaction of whoever hears it',
  needsDatabase,
  async (t) => {
    const replica = (await setUp(t))();
    await replica.runtime.start(A);
    const heard = replica.db.transaction(async () => {
      await replica.handle('a', MoneyHeld);
      throw failure;
    });
    await rejects(heard, failure);
    deepStrictEqual((await replica.view('a'))?.steps.map(({ status }) => status).slice(0, 2), ['sent', 'pending']);
    deepStrictEqual(await replica.sent('a'), ['HoldMoney']);

    await replica.hears('a', MoneyHeld);
    deepStrictEqual((await replica.view('a'))?.steps.map(({ status }) => status).slice(0, 2), ['done', 'sent']);
    deepStrictEqual(await replica.sent('a'), ['HoldMoney', 'BookFlight']);
  },
);

test('a handler that fails rolls back the state, the messages and its own writes', needsDatabase, async (t) => {
  const replica = await setUp(t);
  let broken = true;
  const first = replica({
    handlers: {
      async progressed({ id }, step, status) {
        await first.note(`${id} ${step} ${status}`);
        if (broken && status === 'done') throw failure;
      },
    },
  });
  await first.runtime.start(A);
  await rejects(first.hears('a', MoneyHeld), failure);
  deepStrictEqual(await first.notes(), ['a hold money sent']);
  deepStrictEqual(await first.sent('a'), ['HoldMoney']);

  broken = false;
  await first.hears('a', MoneyHeld);
  deepStrictEqual(await first.notes(), ['a hold money sent', 'a hold money done', 'a book flight sent']);
});

test('one key has one saga: a second start is refused and sends nothing', needsDatabase, async (t) => {
  const replica = (await setUp(t))();
  await replica.runtime.start(A);
  await rejects(replica.runtime.start(A), { name: 'ConcurrencyError' });
  deepStrictEqual(await replica.sent('a'), ['HoldMoney']);
});

test('two replies that are heard at once both count', needsDatabase, async (t) => {
  const replica = await setUp(t);
  const [one, other] = [replica({ definitions: [tripByEvents] }), replica({ definitions: [tripByEvents] })];
  await one.runtime.start(A);
  await Promise.all([one.hears('a', MoneyHeld), other.hears('a', FlightBooked), one.hears('a', HotelBooked)]);
  deepStrictEqual(await one.sent('a'), ['TakingRequested']);
});

test('a reply that is heard twice moves the saga once', needsDatabase, async (t) => {
  const replica = await setUp(t);
  const heard: string[] = [];
  const first = replica({ handlers: { replied: async (_, { type }) => void heard.push(type) } });
  await first.runtime.start(A);
  await first.hears('a', MoneyHeld, MoneyHeld);
  deepStrictEqual(await first.sent('a'), ['HoldMoney', 'BookFlight']);
  deepStrictEqual(heard, [MoneyHeld.type]);
});

test('a late reply to a saga that has ended, or that nobody knows, is no failure', needsDatabase, async (t) => {
  const replica = (await setUp(t))();
  await replica.runtime.start(A);
  await replica.hears('a', MoneyRefused, MoneyHeld, MoneyFreed);
  await replica.hears('never heard of', MoneyHeld);
  strictEqual((await replica.view('a'))?.status, 'compensated');
});

test('the service hears how its saga has ended, in the same transaction', needsDatabase, async (t) => {
  const replica = await setUp(t);
  const first = replica({
    handlers: {
      completed: ({ id }) => first.note(`${id} completed`),
      compensated: ({ id }, { reason, cancelled }) => first.note(`${id} ${reason} ${cancelled}`),
    },
  });
  for (const id of ['a', 'b', 'c']) await first.runtime.start({ id });
  await first.hears('a', MoneyHeld, FlightBooked, HotelBooked, MoneyTaken, TicketIssued, VoucherSent);
  await first.hears('b', MoneyHeld, FlightRefused, MoneyFreed);
  await first.runtime.cancel('c');
  await first.hears('c', MoneyFreed);
  deepStrictEqual(await first.notes(), ['a completed', 'b no_flight false', 'c cancelled true']);
});

test('a local step shares the transaction of the reply that brought it on', needsDatabase, async (t) => {
  const replica = await setUp(t);
  const first = replica({
    definitions: [localTrip],
    handlers: {
      steps: {
        'count seat': { do: ({ id }) => first.note(`${id} seat`), undo: ({ id }) => first.note(`${id} no seat`) },
        'note trip': { do: ({ id }) => first.note(`${id} noted`) },
      },
    },
  });
  await first.runtime.start(A);
  await first.hears('a', MoneyHeld, MoneyTaken);
  await first.runtime.start({ id: 'b' });
  await first.hears('b', MoneyRefused);
  deepStrictEqual(await first.notes(), ['a seat', 'a noted', 'b seat', 'b no seat']);
  deepStrictEqual(
    (await first.runtime.list({ limit: 9 })).map(({ status }) => status),
    ['compensated', 'completed'],
  );
});

test('a local step that refuses leaves nothing of what it wrote, and the saga turns back', needsDatabase, async (t) => {
  const replica = await setUp(t);
  const seatLast = defineSaga<Trip>({
    ...trip,
    compensatable: [trip.compensatable[0]!, { name: 'count seat', local: true }],
  });
  const first = replica({
    definitions: [seatLast],
    handlers: {
      steps: {
        'count seat': {
          async do({ id }) {
            await first.note(`${id} seat`);
            throw new DomainError('no_seat', 'conflict', 'There is no seat.');
          },
        },
      },
      replied: ({ id }, { type }) => first.note(`${id} heard ${type}`),
    },
  });
  await first.runtime.start(A);
  await first.hears('a', MoneyHeld);
  deepStrictEqual(await first.notes(), [`a heard ${MoneyHeld.type}`]);
  deepStrictEqual(await first.sent('a'), ['HoldMoney', 'FreeMoney']);
  strictEqual((await first.view('a'))?.reason, 'no_seat');
});

test(
  'a refusal in a local step past the point of no return does not lead back: it comes again',
  needsDatabase,
  async (t) => {
    const replica = await setUp(t);
    let refuses = true;
    const first = replica({
      definitions: [localTrip],
      handlers: {
        steps: {
          'count seat': { do: async () => {} },
          'note trip': {
            async do() {
              if (refuses) throw new DomainError('no_ink', 'conflict', 'There is no ink.');
            },
          },
        },
      },
    });
    await first.runtime.start(A);
    await first.hears('a', MoneyHeld);
    await rejects(first.hears('a', MoneyTaken), { code: 'no_ink' });
    deepStrictEqual([(await first.view('a'))?.status, await first.sent('a')], ['running', ['HoldMoney', 'TakeMoney']]);

    refuses = false;
    await first.hears('a', MoneyTaken);
    strictEqual((await first.view('a'))?.status, 'completed');
  },
);

test('a local undoing that is refused has undone nothing: it comes again', needsDatabase, async (t) => {
  const replica = await setUp(t);
  let refuses = true;
  const undo = async () => {
    if (refuses) throw new DomainError('no_ink', 'conflict', 'There is no ink.');
  };
  const steps = { 'count seat': { do: async () => {}, undo }, 'note trip': { do: async () => {} } };
  const first = replica({ definitions: [localTrip], handlers: { steps } });
  await first.runtime.start(A);
  await rejects(first.hears('a', MoneyRefused), { code: 'no_ink' });
  strictEqual((await first.view('a'))?.status, 'running');
  refuses = false;
  await first.hears('a', MoneyRefused);
  strictEqual((await first.view('a'))?.status, 'compensated');
});

test('of an ended saga that is kept which its handlers keep, and of a running one all', needsDatabase, async (t) => {
  const replica = await setUp(t);
  const first = replica({ handlers: { keep: ({ id }) => ({ id: `${id}, in short` }) } });
  const kept = () => first.db.query<{ id: string }>(`select state->'progress'->'data'->>'id' as id from sagas`);
  await first.runtime.start(A);
  deepStrictEqual(await kept(), [{ id: 'a' }]);
  await first.hears('a', MoneyRefused);
  deepStrictEqual(await kept(), [{ id: 'a, in short' }]);
});
