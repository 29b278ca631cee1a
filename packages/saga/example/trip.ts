import { DomainError, systemClock, UuidV7Ids } from '@ashlar/domain';
import {
  Consumer,
  type Contract,
  command,
  event,
  LocalBus,
  messagingMigrations,
  OutboxPublisher,
  on,
  outgoing,
  PostgresOutbox,
  postgresMessageStorage,
} from '@ashlar/messaging';
import { eventually, migrate, PostgresDatabase } from '@ashlar/postgres';
import { defineSaga, PostgresSagaStore, SagaRuntime, sagaMigrations, send } from '@ashlar/saga';
import { createTracing } from '@ashlar/telemetry';
import Type from 'typebox';

const url = process.env['DATABASE_URL'] ?? 'postgres://localhost/example';
await migrate(url, [...(await messagingMigrations()), ...(await sagaMigrations())]);
const db = new PostgresDatabase({ url });
const ids = new UuidV7Ids();
const bus = new LocalBus();
const storage = postgresMessageStorage(db);
const publisher = new OutboxPublisher({ outbox: storage.outbox, bus, source: '/services/travel' });
const outbox = new PostgresOutbox({ db, clock: systemClock, ids, onCommitted: (rows) => publisher.publish(rows) });

const OfTrip = Type.Object({ tripId: Type.String() });
const BookFlight = command('flight.BookFlight.v1', OfTrip);
const CancelFlight = command('flight.CancelFlight.v1', OfTrip);
const FlightBooked = event('flight.FlightBooked.v1', OfTrip);
const FlightRefused = event('flight.FlightRefused.v1', OfTrip);
const FlightCancelled = event('flight.FlightCancelled.v1', OfTrip);
const TakeMoney = command('bank.TakeMoney.v1', OfTrip);
const MoneyTaken = event('bank.MoneyTaken.v1', OfTrip);
const MoneyRefused = event('bank.MoneyRefused.v1', OfTrip);

interface Trip {
  readonly id: string;
  readonly price: number;
}

const ofTrip = ({ id }: Trip) => ({ tripId: id });

const trip = defineSaga<Trip>({
  name: 'trip',
  version: 1,
  compensatable: [
    {
      name: 'book flight',
      do: send(BookFlight, ofTrip),
      done: FlightBooked,
      refused: FlightRefused,
      reason: 'no_seat',
      timedOut: 'timed_out',
      undo: send(CancelFlight, ofTrip),
      undone: FlightCancelled,
    },
    { name: 'check budget', local: true },
  ],
  pivot: {
    name: 'take money',
    do: send(TakeMoney, ofTrip),
    done: MoneyTaken,
    refused: MoneyRefused,
    reason: 'no_money',
  },
});

const sagas = new SagaRuntime<Trip>({
  work: db,
  store: new PostgresSagaStore(db, trip.name),
  outbox,
  clock: systemClock,
  ids,
  definitions: [trip],
  handlers: {
    steps: {
      'check budget': {
        async do({ price }) {
          if (price > 900) throw new DomainError('over_budget', 'conflict', 'The trip is too expensive.');
        },
      },
    },
    progressed: async ({ id }, step, status) => console.log(`${id}: ${step} ${status}`),
    completed: async ({ id }) => console.log(`${id}: completed`),
    compensated: async ({ id }, { reason }) => console.log(`${id}: undone, ${reason}`),
  },
});

const reply = (asked: Contract<{ tripId: string }>, answer: (tripId: string) => Contract<{ tripId: string }>) =>
  on(asked, ({ data }) => outbox.add([outgoing(answer(data.tripId), data.tripId, data)]));

const tracing = createTracing({ service: 'travel' });
const nextId = () => ids.next();
const participants = [
  reply(BookFlight, (tripId) => (tripId === 'mars' ? FlightRefused : FlightBooked)),
  reply(CancelFlight, () => FlightCancelled),
  reply(TakeMoney, () => MoneyTaken),
];
const consumers = [
  new Consumer({ definition: { name: 'participants', subscriptions: participants }, storage, bus, tracing, nextId }),
  new Consumer({ definition: { name: 'sagas', subscriptions: sagas.subscriptions() }, storage, bus, tracing, nextId }),
];
for (const consumer of consumers) consumer.start();
await publisher.start();
sagas.startTimers(consumers[1]!);

for (const [id, price] of [
  ['rome', 500],
  ['mars', 500],
  ['tahiti', 1_500],
] as const) {
  await sagas.start({ id, price });
  const hasEnded = async () => /completed|compensated/.test((await sagas.list({ key: id, limit: 1 }))[0]!.status);
  await eventually(`the trip to ${id} has ended`, hasEnded);
}

sagas.stopTimers();
for (const consumer of consumers) await consumer.stop();
await publisher.stop();
await db.close();
