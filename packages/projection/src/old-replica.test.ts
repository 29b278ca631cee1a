import { deepStrictEqual, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { event, type Message, on } from '@ashlar/messaging';
import { databaseMissing, eventually } from '@ashlar/postgres';
import Type from 'typebox';
import { MessageProjection } from './message-projection.ts';
import { Bank } from './projection.fixtures.ts';

const Opened = event('bank.Opened.v1', Type.Object({ owner: Type.String() }));

test('once a newer version has taken over, an older replica takes nothing in, and leaves it to the newer', {
  skip: databaseMissing,
}, async (t) => {
  const bank = await Bank.open(t);
  const replica = async (version: number) => {
    const tables = `create table owners (owner text not null, version int not null default ${version})`;
    const restatement = { portion: async () => undefined };
    const projection = new MessageProjection({ db: bank.db, name: 'owners', version, tables, restatement });
    await projection.prepare();
    const put = on(Opened, ({ data }) =>
      projection.write({ sql: 'insert into owners (owner) values ($1)', values: [data.owner] }),
    );
    const [{ handle }] = projection.consumer([put]).subscriptions as [ReturnType<typeof on>];
    const takeIn = (owner: string) =>
      bank.db.transaction(() => handle({ time: new Date(0).toISOString(), data: { owner } } as Message));
    projection.start();
    t.after(() => projection.stop());
    return { projection, takeIn };
  };
  const isLive = (one: MessageProjection, version: number) => async () => {
    const status = await one.status();
    return status.state === 'live' && status.version === version && status.rebuild === undefined;
  };
  const older = await replica(1);
  await eventually('the first version is filled', isLive(older.projection, 1));
  await older.takeIn('Ada');
  const newer = await replica(2);
  await eventually('the newer version has taken over', async () => {
    const [row] = await bank.db.query<{ version: number }>(`select version from projections where name = 'owners'`);
    return row!.version === 2;
  });
  await rejects(older.takeIn('Bob') as Promise<unknown>, { name: 'OutdatedError' });
  await newer.takeIn('Bob');
  deepStrictEqual(await bank.db.query('select * from owners'), [{ owner: 'Bob', version: 2 }]);
});
