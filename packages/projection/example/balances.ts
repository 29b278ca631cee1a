import { eventStoreMigrations, PostgresEventStore } from '@ashlar/event-store';
import { messagingMigrations } from '@ashlar/messaging';
import { migrate, PostgresDatabase } from '@ashlar/postgres';
import { EventProjection, projectionMigrations } from '@ashlar/projection';

interface Deposited {
  readonly amount: number;
}

const url = process.env['DATABASE_URL'] ?? 'postgres://localhost/example';
await migrate(url, [
  ...(await messagingMigrations()),
  ...(await eventStoreMigrations()),
  ...(await projectionMigrations()),
]);
const db = new PostgresDatabase({ url });
const store = new PostgresEventStore(db);

const balances = new EventProjection({
  db,
  store,
  name: 'bank.balances',
  version: 1,
  tables: 'create table balances (account text primary key, amount bigint not null)',
  async apply(events, { write, once }) {
    for (const { stream, data } of events) {
      await write({
        sql: `insert into balances as b (account, amount) values ($1, $2)
              on conflict (account) do update set amount = b.amount + excluded.amount`,
        values: [stream, (data as Deposited).amount],
      });
    }
    await once(async () => console.log(`taken in for the first time: ${events.length}`));
  },
});
await balances.prepare();
balances.start();

const deposit = (account: string, amount: number) =>
  store.append({ stream: account, expected: 'any', events: [{ type: 'Deposited', data: { amount } }] });
const show = async () => console.log(await db.query('select * from balances order by account'));

await db.transaction(async () => {
  await deposit('ada', 10);
  await deposit('bob', 5);
});
await balances.current();
await show();

await balances.rebuild();
await deposit('ada', 1);
await balances.current();
await show();
const { state, lag } = await balances.status();
console.log(`${state}, ${lag} behind`);

await balances.stop();
await db.close();
