import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock, UuidV7Ids } from '@ashlar/domain';
import { event, PostgresOutbox, unordered } from '@ashlar/messaging';
import { databaseMissing, type PostgresDatabase } from '@ashlar/postgres';
import Type from 'typebox';
import { Bank, take } from './projection.fixtures.ts';
import type { ReadModel } from './read-model.ts';

const options = { skip: databaseMissing };
const Noticed = event('bank.Noticed.v1', Type.Object({ position: Type.Integer() }));

const outboxOf = (db: PostgresDatabase) =>
  new PostgresOutbox({ db, clock: systemClock, ids: new UuidV7Ids(), onCommitted: () => {} });

async function noticed({ db }: Bank): Promise<number[]> {
  const rows = await db.query<{ position: number }>(
    `select (data->>'position')::int as position from outbox order by position`,
  );
  return rows.map(({ position }) => position);
}

test(
  'a message that a read model says happens once in the life of its event, whatever is rebuilt',
  options,
  async (t) => {
    const bank = await Bank.open(t);
    const outbox = outboxOf(bank.db);
    const apply = async (events: Parameters<typeof take>[0], model: ReadModel) => {
      await take(events, model);
      await model.once(() => outbox.add(events.map(({ position }) => unordered(Noticed, { position }))));
    };
    const projection = await bank.projection({ apply });
    await bank.transfers(3);
    await projection.catchUp();
    await bank.transfers(2);
    await projection.rebuild();
    deepStrictEqual(await noticed(bank), [1, 2, 3]);
    deepStrictEqual(await bank.look(), { sum: 0, seen: 3, taken: 3 });
    await projection.catchUp();
    await projection.rebuild();
    deepStrictEqual(await noticed(bank), [1, 2, 3, 4, 5]);
  },
);

test('a message that is said elsewhere than in once() is refused, live as in a rebuild', options, async (t) => {
  const bank = await Bank.open(t);
  const outbox = outboxOf(bank.db);
  const say = (position: number) => outbox.add([unordered(Noticed, { position })]);
  const careless = await bank.projection({ apply: ([first]) => say(first!.position) });
  await bank.transfers(1);
  await rejects(careless.catchUp(), { name: 'PoisonEventError', message: /EffectRefusedError.*"outbox"/ });
  const careful = await bank.projection();
  await careful.catchUp();
  await rejects(careless.rebuild(), /EffectRefusedError/);
  strictEqual((await careful.status()).rebuild?.error?.includes('EffectRefusedError'), true);
  const after = await bank.projection({
    apply: async ([first], model) => {
      await model.once(async () => {});
      await say(first!.position);
    },
  });
  await bank.transfers(1);
  await rejects(after.catchUp(), /EffectRefusedError/);
  deepStrictEqual(await noticed(bank), []);
});

test('a read model that writes to a table of somebody else is refused, live as in a rebuild', options, async (t) => {
  const bank = await Bank.open(t);
  await bank.db.execute('create table others (n int)');
  const stray = { sql: 'insert into others values (1)' };
  const greedy = await bank.projection({ apply: async (_events, { write }) => write(stray) });
  await bank.transfers(1);
  await rejects(greedy.catchUp(), /"others" is none of them/);
  await (await bank.projection()).catchUp();
  await rejects(greedy.rebuild(), /"others" is none of them/);
  deepStrictEqual(await bank.db.query('select * from others'), []);
});
