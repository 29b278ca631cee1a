import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { invariants } from '../shop/invariants.ts';
import { Member } from '../shop/member.ts';
import { ShopProcess } from '../shop/shop-process.ts';
import { eventually } from '../shop/waiting.ts';
import { ownNats } from './own-nats.ts';
import { replicasOf } from './replica-views.ts';

/** While the broker is away nothing is refused: each service says why it is unready, lives, and takes orders. */
export async function doWithoutBroker(t: TestContext): Promise<void> {
  const nats = await ownNats();
  const starting = ShopProcess.start({ replicas: 'order=2', environment: { NATS_URL: nats.url } });
  t.after(() => starting.then((shop) => shop.stop()).finally(() => nats.remove()));
  const shop = await starting;
  const cup = await (await shop.admin()).makeProduct({ price: 100, pieces: 1_000 });
  const ann = await Member.withMoney(shop.api, 100_000);
  const urls = (await replicasOf(shop)).map(({ url }) => url);
  const probe = async (path: string) => Promise.all(urls.map(async (url) => (await fetch(url + path)).status));
  const all = (status: number) => urls.map(() => status);
  deepStrictEqual(await probe('/readyz'), all(200));

  await nats.stop();
  await eventually('none is ready', async () => (await probe('/readyz')).every((status) => status === 503));
  const told = await (await fetch(`${urls[0]}/readyz`)).json();
  deepStrictEqual(told, { status: 'unready', checks: { database: 'ok', bus: 'failed' } });
  deepStrictEqual([await probe('/livez'), await probe('/startupz')], [all(200), all(200)]);
  const orders = [];
  for (let count = 0; count < 10; count++) orders.push(await ann.order({ productId: cup.id }));

  await nats.start();
  await eventually('all are ready', async () => (await probe('/readyz')).every((status) => status === 200));
  for (const { id } of orders) strictEqual((await ann.settled(id)).status, 'confirmed');
  await invariants(shop);
}
