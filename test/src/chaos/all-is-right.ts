import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { untilReady } from '../replicas/replica-views.ts';
import { SERVICES } from '../shop/databases.ts';
import { type Books, invariants } from '../shop/invariants.ts';
import { eventually } from '../shop/waiting.ts';
import type { Stage } from './stage.ts';

const QUIET_WITHIN_MS = 180_000;
const BACK_WITHIN_MS = 120_000;

/** Nobody begins anything new: every replica comes back, the system becomes quiet, and its books are in order. */
export async function allIsRight(t: TestContext, stage: Stage): Promise<void> {
  const { shop, load, passersBy, witnesses, availability } = stage;
  const began = performance.now();
  await passersBy.finish();
  await witnesses.finish();
  await load.finish();
  await allBack(stage);
  const books = await invariants(shop, QUIET_WITHIN_MS);
  t.diagnostic(`all replicas ready, and quiet, ${(performance.now() - began).toFixed(0)} ms after the last request`);
  t.diagnostic(`${books.orders.length} orders, ${load.answered} answers, ${load.retried} requests sent again`);
  t.diagnostic(`${witnesses.reads} reads straight after their writes, ${witnesses.putOff} put off`);
  for (const line of availability.lines()) t.diagnostic(line);
  nothingAnsweredIsLost(stage, books);
  deepStrictEqual([load.faults, witnesses.stale], [[], []]);
}

export async function allBack({ shop }: Stage): Promise<void> {
  for (const service of SERVICES) {
    const isBack = () =>
      untilReady(shop, service, 2).then(
        () => true,
        () => false,
      );
    await eventually(`${service} is back`, isBack, BACK_WITHIN_MS);
  }
}

function nothingAnsweredIsLost({ load, purse }: Stage, { orders, accounts }: Books): void {
  const known = new Map(orders.map((order) => [order.id, order.status]));
  deepStrictEqual(
    load.orderIds.filter((id) => !known.has(id)),
    [],
    'orders that were lost',
  );
  strictEqual(orders.length, load.orderIds.length, 'orders that nobody has heard of');
  deepStrictEqual(
    [...load.cancelledIds].filter((id) => known.get(id) !== 'cancelled'),
    [],
    'cancelled, and not',
  );
  const deposits = accounts.flatMap(({ entries }) => entries.filter(({ type }) => type === 'MoneyDeposited'));
  const deposited = deposits.reduce((sum, { amount }) => sum + amount.amount, 0);
  strictEqual(deposited, load.paidIn + accounts.length * purse, 'what cards have paid in');
}
