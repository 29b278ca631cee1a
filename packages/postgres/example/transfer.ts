import { ConcurrencyError, migrate, PostgresDatabase, StateTable } from '@ashlar/postgres';

const url = process.env['DATABASE_URL'] ?? 'postgres://localhost/example';
await migrate(url, [
  { name: 'example/001', sql: 'create table purses (id text primary key, version int, state jsonb)' },
]);
const db = new PostgresDatabase({ url });
const purses = new StateTable<{ coins: number }>(db, {
  name: 'The purse',
  load: 'select id, version, state from purses where id = any($1)',
  store: `insert into purses as p (id, version, state)
    select id, version, state from json_to_recordset($1) as r(id text, version int, state jsonb) order by id
    on conflict (id) do update set version = excluded.version, state = excluded.state
    where p.version = excluded.version - 1`,
});

async function put(id: string, coins: number): Promise<void> {
  const { version, state } = (await purses.find(id)) ?? { version: 0, state: { coins: 0 } };
  if (state.coins + coins < 0) throw new Error(`${id} has only ${state.coins} coins.`);
  await purses.save({ id, version, state: { coins: state.coins + coins } });
}

/** Both, or nothing; and again, if somebody else was quicker. */
const transfer = (from: string, to: string, coins: number) =>
  db.transaction(async () => {
    await put(to, coins);
    await put(from, -coins);
  });

await put('Ada', 10);
await Promise.all([transfer('Ada', 'Bob', 3), transfer('Ada', 'Cleo', 4), transfer('Ada', 'Bob', 2)]);
await transfer('Ada', 'Bob', 5).catch((error: Error) => console.log(error.message));
for (const id of ['Ada', 'Bob', 'Cleo']) console.log(id, (await purses.find(id))?.state.coins);
await purses.save({ id: 'Ada', version: 1, state: { coins: 99 } }).catch((error: unknown) => {
  if (error instanceof ConcurrencyError) console.log(error.message);
});
await db.close();
