import { systemClock, UuidV7Ids } from '@ashlar/domain';
import {
  Consumer,
  DeadLetters,
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
import { createTracing } from '@ashlar/telemetry';
import { Type } from 'typebox';

const url = process.env['DATABASE_URL'] ?? 'postgres://localhost/example';
await migrate(url, await messagingMigrations());
const db = new PostgresDatabase({ url });
const ids = new UuidV7Ids();
const bus = new LocalBus();

const GuestArrived = event('hotel.GuestArrived.v1', Type.Object({ name: Type.String() }));

const storage = postgresMessageStorage(db);
const publisher = new OutboxPublisher({ outbox: storage.outbox, bus, source: '/services/hotel' });
const outbox = new PostgresOutbox({ db, clock: systemClock, ids, onCommitted: (rows) => publisher.publish(rows) });

let isAsleep = true;
const porter = new Consumer({
  definition: {
    name: 'porter',
    subscriptions: [
      on(GuestArrived, async ({ data }) => {
        if (data.name === 'Bob' && isAsleep) throw new Error('The porter is asleep.');
        console.log(`Welcome, ${data.name}!`);
      }),
    ],
  },
  storage,
  bus,
  tracing: createTracing({ service: 'hotel' }),
  nextId: () => ids.next(),
});
porter.start();
await publisher.start();

await db.transaction(() => outbox.add([outgoing(GuestArrived, 'room 1', { name: 'Ada' })]));
await db.transaction(() => outbox.add([outgoing(GuestArrived, 'room 2', { name: 'Bob' })]));
await db.transaction(() => outbox.add([outgoing(GuestArrived, 'room 3', { name: 'Cleo' })]));
await porter.settled();

const [parked] = await new DeadLetters(db).list({ limit: 10 });
console.log(`${parked?.key} waits: ${parked?.error}`);
isAsleep = false;
await eventually('nobody waits', async () => (await new DeadLetters(db).list({ limit: 10 })).length === 0);

await porter.stop();
await publisher.stop();
await db.close();
