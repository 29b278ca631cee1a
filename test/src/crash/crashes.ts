import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { OrderView } from '@ashlar/cli';
import { SeededChance } from '../shop/chance.ts';
import { type Books, invariants } from '../shop/invariants.ts';
import { Member } from '../shop/member.ts';
import { type SagaStyle, STYLES } from '../shop/shop.ts';
import { ShopProcess } from '../shop/shop-process.ts';
import { eventually, inParallel } from '../shop/waiting.ts';
import { Load } from './load.ts';

export interface CrashOptions {
  readonly kills: number;
  /** How the system ends: without a word, or told to, with the time to drain. */
  readonly signal?: 'SIGKILL' | 'SIGTERM';
  /** Kill number n takes PostgreSQL along; only PostgreSQL dies, or the whole system does. */
  readonly databaseKills?: Readonly<Record<number, DatabaseKill>>;
  readonly perSecond: number;
}

type DatabaseKill = 'alone' | 'with the system';

/** So many of the kills come at the moment at which an order has been accepted; the others at any. */
const MET_ON_ITS_WAY = 0.5;
const CUSTOMERS = 16;
const PRODUCTS = 6;
const PURSE = 500_000;

/** Shops while the system is killed again and again, at instants that the seed chooses; then all has to be right. */
export async function surviveCrashes(t: TestContext, options: CrashOptions): Promise<void> {
  const chance = new SeededChance();
  t.diagnostic(`SEED=${chance.seed}`);
  const shop = await ShopProcess.start({ saga: 'orchestration', ownDatabase: true });
  t.after(() => shop.stop());
  const load = await aLoad(shop, chance, options.perSecond);
  t.after(() => load.giveUp());
  const killedAt: number[] = [];
  let upMs = 0;

  load.start();
  for (let kill = 1; kill <= options.kills; kill++) {
    const upSince = performance.now();
    const before = load.answered;
    const instant = before + chance.between(20, 90);
    await eventually(`request ${instant} is answered`, () => load.answered >= instant, 60_000);
    if (chance.next() < MET_ON_ITS_WAY) await load.nextOrder();
    upMs += performance.now() - upSince;
    killedAt.push(Date.now());
    const { signal = 'SIGKILL', databaseKills = {} } = options;
    await crash({ shop, load }, { signal, database: databaseKills[kill], saga: STYLES[kill % 2]! });
  }

  await load.finish();

  const books = await invariants(shop);
  await nothingAnsweredIsLost(load, books);
  const pending = killedAt.map((at) => books.orders.filter((order) => wasPending(order, at)).length);
  const rate = load.answered / (upMs / 1_000);
  const answers = `${load.answered} answers, ${rate.toFixed(0)} a second while it was up, ${load.retried} retries`;
  t.diagnostic(`${books.orders.length} orders, ${answers}`);
  t.diagnostic(`orders pending at the kills: ${pending.join(' ')}`);
  t.diagnostic(`answers from 500 on: ${JSON.stringify(Object.fromEntries(load.failures))}`);
  deepStrictEqual(load.faults, []);
  ok(pending.filter((count) => count > 0).length >= options.kills / 3, 'too few kills have met an order on its way');
}

async function aLoad(shop: ShopProcess, chance: SeededChance, perSecond: number): Promise<Load> {
  const admin = await shop.admin();
  const products = await inParallel(2, PRODUCTS, (at) =>
    admin.makeProduct({ price: 100 * (at + 1), pieces: at === 0 ? 100 : 100_000 }),
  );
  const customers = await inParallel(4, CUSTOMERS, () => Member.withMoney(shop.api, PURSE));
  return new Load({ customers, productIds: products.map(({ id }) => id), chance, perSecond });
}

interface Scene {
  readonly shop: ShopProcess;
  readonly load: Load;
}

interface Crash {
  readonly signal: NodeJS.Signals;
  readonly database: DatabaseKill | undefined;
  /** Every restart has the other style; orders end in the one in which they began. */
  readonly saga: SagaStyle;
}

async function crash({ shop, load }: Scene, { signal, database, saga }: Crash): Promise<void> {
  if (database !== undefined) shop.killDatabase();
  if (database === 'alone') return;
  await load.whileDown(async () => {
    strictEqual(await shop.kill(signal), signal === 'SIGTERM' ? 0 : null, shop.output);
    await shop.start({ saga });
  });
}

/** What a client was told exists, and what it asked for again under its key exists once. */
async function nothingAnsweredIsLost(
  { orderIds, cancelledIds, paidIn }: Load,
  { orders, accounts }: Books,
): Promise<void> {
  const known = new Set(orders.map(({ id }) => id));
  deepStrictEqual(
    orderIds.filter((id) => !known.has(id)),
    [],
  );
  const alive = orders.filter(({ id, status }) => cancelledIds.has(id) && status !== 'cancelled');
  deepStrictEqual(
    alive.map(({ id, status }) => `${id} was cancelled, and is ${status}`),
    [],
  );
  strictEqual(new Set(orderIds).size, orderIds.length);
  strictEqual(orders.length, orderIds.length);
  const deposits = accounts.flatMap(({ entries }) => entries.filter(({ type }) => type === 'MoneyDeposited'));
  const deposited = deposits.reduce((sum, { amount }) => sum + amount.amount, 0);
  strictEqual(deposited, paidIn + accounts.length * PURSE, 'what cards have paid in');
}

const wasPending = ({ createdAt, timeline }: OrderView, at: number): boolean => {
  const decided = timeline.find(({ type }) => ['confirmed', 'rejected', 'cancelled'].includes(type));
  return Date.parse(createdAt) < at && at < Date.parse(decided?.at ?? '');
};
