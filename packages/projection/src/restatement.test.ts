import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { systemTimers, type Timers } from '@ashlar/domain';
import { DeadLetters } from '@ashlar/messaging';
import { databaseMissing, eventually } from '@ashlar/postgres';
import { Market, TABLES } from './market.fixtures.ts';

const options = { skip: databaseMissing };

test('a rebuild that would wait for ever for a fact that was given up is begun anew, and ends', options, async (t) => {
  const market = await Market.open(t);
  const projection = market.projection();
  let ill = false;
  await market.desk(projection, (price) => ill && price === 9);
  await market.shop();
  for (const [id, amount] of Object.entries({ cup: 5, pot: 9, tea: 3 })) await market.price(id, amount);
  await eventually('the replica is whole', async () => (await market.prices()).length === 3);
  ill = true;
  await projection.beginRebuild();
  const letters = new DeadLetters(market.db);
  const dead = () => letters.list({ status: 'dead', limit: 9 });
  await eventually('it is refused', async () => (await dead()).length === 1);
  ill = false;
  await letters.discard((await dead())[0]!.id);
  await eventually('it is given up', async () => (await letters.list({ limit: 9 })).length === 0);
  await eventually('the others are said', async () => (await projection.status()).rebuild?.position === 2);
  strictEqual((await projection.status()).state, 'rebuilding');
  await projection.beginRebuild();
  await eventually('the new one is read', async () => (await projection.status()).state === 'live');
  deepStrictEqual(await market.prices(), ['cup=5', 'pot=9', 'tea=3']);
});

test('a successor that lacks one fact does not take over, however often it looks', options, async (t) => {
  const market = await Market.open(t);
  const looks: (() => Promise<void>)[] = [];
  const every: Timers['every'] = (_ms, look) => {
    looks.push(look);
    return () => {};
  };
  const projection = market.projection(1, TABLES, { ...systemTimers, every });
  await market.shop();
  for (const [id, amount] of Object.entries({ cup: 5, pot: 9 })) await market.price(id, amount);
  await market.desk(projection, (price) => price === 9);
  await projection.beginRebuild();
  const said = 'select 1 from projection_rebuilds where position = 1 and expected = 2';
  await eventually('all others are said', async () => (await market.db.query(said)).length === 1);
  for (const look of looks) await look();
  strictEqual((await projection.status()).state, 'rebuilding');
});

test('rebuilds that are begun anew again and again, under changes, lose nothing', options, async (t) => {
  const market = await Market.open(t);
  const projection = market.projection();
  const consumer = await market.desk(projection);
  await market.shop();
  const names = Array.from({ length: 9 }, (_, n) => `p${n}`);
  for (const name of names) await market.price(name, 0);
  await consumer.settled();
  const write = async () => {
    for (let round = 1; round <= 8; round++) await Promise.all(names.map((name) => market.price(name, round)));
  };
  const operate = async () => {
    for (let n = 0; n < 8; n++) await Promise.all([projection.beginRebuild(), projection.beginRebuild()]);
  };
  await Promise.all([write(), operate()]);
  await eventually('the new one is read', async () => (await projection.status()).state === 'live');
  await consumer.settled();
  deepStrictEqual(
    await market.prices(),
    names.map((name) => `${name}=8`),
  );
  deepStrictEqual(await new DeadLetters(market.db).list({ limit: 9 }), []);
});
