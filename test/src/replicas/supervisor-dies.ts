import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { invariants } from '../shop/invariants.ts';
import { Member } from '../shop/member.ts';
import { ShopProcess } from '../shop/shop-process.ts';
import { eventually } from '../shop/waiting.ts';
import { isAlive } from './ends-whole.ts';
import { replicasOf } from './replica-views.ts';

/** The supervisor alone is killed, without a word to anybody: nobody is left behind, and the next start goes on. */
export async function supervisorDies(t: TestContext): Promise<void> {
  const shop = await ShopProcess.start({ replicas: 'order=2' });
  t.after(() => shop.stop());
  const cup = await (await shop.admin()).makeProduct({ price: 100, pieces: 1_000 });
  const ann = await Member.withMoney(shop.api, 100_000);
  const pids = (await replicasOf(shop)).map(({ pid }) => pid);
  const orders = [];
  for (let count = 0; count < 10; count++) orders.push(await ann.order({ productId: cup.id }));
  await shop.killAlone('SIGKILL');
  await shop.start();
  await eventually('those of before have ended', () => !pids.some(isAlive));
  for (const { id } of orders) strictEqual((await ann.settled(id)).status, 'confirmed');
  deepStrictEqual(
    (await replicasOf(shop)).filter(({ pid }) => pids.includes(pid)),
    [],
  );
  await invariants(shop);
}
