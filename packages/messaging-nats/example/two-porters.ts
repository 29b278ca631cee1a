import { systemClock, systemTimers, UuidV7Ids } from '@ashlar/domain';
import {
  Consumer,
  event,
  messagingMigrations,
  OutboxPublisher,
  on,
  outgoing,
  PostgresOutbox,
  postgresMessageStorage,
  Replica,
} from '@ashlar/messaging';
import { connectNatsBus, dropNatsNamespace } from '@ashlar/messaging-nats';
import { eventually, migrate, PostgresDatabase } from '@ashlar/postgres';
import { createTracing } from '@ashlar/telemetry';
import { Type } from 'typebox';

// Any empty database, and a server with JetStream:
const databaseUrl = process.env['DATABASE_URL'] ?? 'postgres://localhost/example';
const url = process.env['NATS_URL'] ?? 'nats://127.0.0.1:4222';
const namespace = `example-${process.pid}`;
await migrate(databaseUrl, await messagingMigrations());

const GuestArrived = event('hotel.GuestArrived.v1', Type.Object({ name: Type.String() }));
const ids = new UuidV7Ids();
const nextId = () => ids.next();

/** The hotel's service as it runs in one process; here two of them are in the same one. */
async function aReplica(name: string) {
  const db = new PostgresDatabase({ url: databaseUrl });
  const bus = await connectNatsBus({ url, namespace, replica: name });
  const storage = postgresMessageStorage(db);
  const { leases, receipts } = storage;
  const replica = new Replica({ leases, name, nextId, clock: systemClock, timers: systemTimers });
  const upkeep = replica.keep('upkeep');
  const publisher = new OutboxPublisher({ outbox: storage.outbox, receipts, bus, source: '/services/hotel', upkeep });
  const outbox = new PostgresOutbox({ db, clock: systemClock, ids, onCommitted: (rows) => publisher.publish(rows) });
  const welcomed: string[] = [];
  const welcome = on(GuestArrived, async ({ data }) => welcomed.push(data.name));
  const porter = new Consumer({
    definition: { name: 'porter', subscriptions: [welcome] },
    storage,
    bus,
    sharing: replica,
    upkeep,
    tracing: createTracing({ service: 'hotel' }),
    nextId,
  });
  porter.start();
  await replica.start();
  await publisher.start();
  const stop = async () => {
    await porter.stop();
    await publisher.stop();
    await replica.stop();
    await bus.close();
    await db.close();
  };
  const shares = () =>
    db.query<{ count: number }>(`select count(*) as count from leases where name like 'porter %' and holder is not null
      group by holder order by 1`);
  return { outbox, welcomed, shares, stop };
}

const guests = (from: number) =>
  Array.from({ length: 40 }, (_, n) => outgoing(GuestArrived, `room ${n}`, { name: `guest ${from + n}` }));

const [one, two] = [await aReplica('hotel-1'), await aReplica('hotel-2')];
await eventually('each has a share', async () => (await one.shares()).length === 2);
console.log(`Partitions: ${(await one.shares()).map(({ count }) => count).join(' and ')}.`);

await one.outbox.add(guests(1));
await eventually('all are welcomed', () => one.welcomed.length + two.welcomed.length === 40);
const didBoth = one.welcomed.length > 0 && two.welcomed.length > 0;
console.log(`40 guests, each welcomed once, ${didBoth ? 'by both porters' : 'by one porter'}.`);

await two.stop();
await one.outbox.add(guests(41));
await eventually('the rest is welcomed', () => one.welcomed.length + two.welcomed.length === 80);
console.log('One porter has left: the other welcomes everybody.');

await one.stop();
await dropNatsNamespace({ url, namespace });
