import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { OrderView } from '@ashlar/cli';
import { Load } from '../crash/load.ts';
import { SeededChance } from '../shop/chance.ts';
import { invariants } from '../shop/invariants.ts';
import { Member } from '../shop/member.ts';
import type { ShopProcess } from '../shop/shop-process.ts';
import { eventually, inParallel } from '../shop/waiting.ts';
import { countOf, readyOf, untilReady } from './replica-views.ts';

export interface KillOptions {
  /** Whose replicas are killed, one after another. */
  readonly victims: readonly string[];
  readonly perSecond: number;
  /** How long an order may stand still; on a machine that is busy with other tests that is more than a promise. */
  readonly takenOverWithinMs: number;
}

const CUSTOMERS = 8;
const PRODUCTS = 3;

export async function aLoad(shop: ShopProcess, chance: SeededChance, perSecond: number): Promise<Load> {
  const admin = await shop.admin();
  const products = await inParallel(2, PRODUCTS, () => admin.makeProduct({ price: 100, pieces: 100_000 }));
  const customers = await inParallel(4, CUSTOMERS, () => Member.withMoney(shop.api, 1_000_000));
  return new Load({ customers, productIds: products.map(({ id }) => id), chance, perSecond });
}

/** Shops while replicas die without a word, one at a time; nothing is lost, and what they had begun is taken over. */
export async function surviveKills(t: TestContext, shop: ShopProcess, options: KillOptions): Promise<void> {
  const chance = new SeededChance();
  t.diagnostic(`SEED=${chance.seed}`);
  const load = await aLoad(shop, chance, options.perSecond);
  t.after(() => load.giveUp());
  load.start();
  const kills: string[] = [];
  for (const service of options.victims) {
    const instant = load.answered + chance.between(20, 60);
    await eventually(`request ${instant} is answered`, () => load.answered >= instant);
    const all = await countOf(shop, service);
    await untilReady(shop, service, all);
    const alive = await readyOf(shop, service);
    const { pid } = alive[chance.between(0, alive.length - 1)]!;
    process.kill(pid, 'SIGKILL');
    kills.push(`${new Date().toISOString()} ${service}`);
    await eventually('its end is told', async () => !(await readyOf(shop, service)).some((one) => one.pid === pid));
    await untilReady(shop, service, all);
  }
  await load.finish();
  const { orders } = await invariants(shop);
  const slowest = orders.reduce((one, other) => (longestPauseMs(other) > longestPauseMs(one) ? other : one));
  const longest = longestPauseMs(slowest);
  const failed = [...load.failures.values()].reduce((sum, count) => sum + count, 0);
  t.diagnostic(`${load.answered} answers, ${load.retried} retries, ${failed} answers from 500 on`);
  t.diagnostic(`answers from 500 on: ${JSON.stringify(Object.fromEntries(load.failures))}`);
  t.diagnostic(`${orders.length} orders, none of which stood still for more than ${longest} ms`);
  deepStrictEqual(load.faults, []);
  strictEqual(orders.filter(({ id }) => load.orderIds.includes(id)).length, load.orderIds.length);
  ok(
    longest <= options.takenOverWithinMs,
    `an order stood still for ${longest} ms: ${JSON.stringify(slowest, undefined, 2)}, killed: ${kills.join(', ')}`,
  );
}

/** How long nothing happened to an order that was not decided yet. */
export function longestPauseMs({ createdAt, timeline }: OrderView): number {
  const decided = timeline.findIndex(({ type }) => ['confirmed', 'rejected', 'cancelled'].includes(type));
  const times = [createdAt, ...timeline.slice(0, decided + 1).map(({ at }) => at)].map((at) => Date.parse(at));
  return Math.max(...times.slice(1).map((at, index) => at - times[index]!));
}
