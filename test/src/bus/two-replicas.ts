import { deepStrictEqual } from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { Load } from '../crash/load.ts';
import { SeededChance } from '../shop/chance.ts';
import { invariants } from '../shop/invariants.ts';
import { Member } from '../shop/member.ts';
import { ReplicasInProcess } from '../shop/replicas-in-process.ts';
import type { SagaStyle } from '../shop/shop.ts';
import { eventually, inParallel } from '../shop/waiting.ts';

const PER_SECOND = 40;
const PATIENCE_MS = 180_000;

/** Two replicas of everything take orders over NATS, one of each leaves, the others go on, and all has to be right. */
export async function twoReplicas(t: TestContext, saga: SagaStyle, { answers }: { answers: number }): Promise<void> {
  const shop = await ReplicasInProcess.start({ saga, replicas: 2 });
  t.after(() => shop.stop());
  const chance = new SeededChance();
  t.diagnostic(`SEED=${chance.seed}`);
  const admin = await shop.admin();
  const products = await inParallel(2, 4, () => admin.makeProduct({ price: 100, pieces: 10_000 }));
  const customers = await inParallel(4, 8, () => Member.withMoney(shop.api, 500_000));
  const load = new Load({ customers, productIds: products.map(({ id }) => id), chance, perSecond: PER_SECOND });
  t.after(() => load.giveUp());
  load.start();
  await eventually('both have worked', () => load.answered >= answers, PATIENCE_MS);
  for (const service of ['order', 'payment', 'inventory', 'shipping']) await shop.leave(`${service}-2`);
  await eventually('the others have gone on', () => load.answered >= 2 * answers, PATIENCE_MS);
  await load.finish();
  const { orders } = await invariants(shop);
  deepStrictEqual(load.faults, []);
  deepStrictEqual(orders.map(({ id }) => id).toSorted(), load.orderIds.toSorted());
}
