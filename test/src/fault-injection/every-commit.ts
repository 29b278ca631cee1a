import { ok, strictEqual } from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { TestContext } from 'node:test';
import type { OrderView } from '@ashlar/cli';
import { Databases, SERVICES, type ServiceName } from '../shop/databases.ts';
import { invariantsIn } from '../shop/invariants.ts';
import { type Customer, Member } from '../shop/member.ts';
import { unrest } from '../shop/quiet.ts';
import type { SagaStyle } from '../shop/shop.ts';
import { ShopInProcess } from '../shop/shop-in-process.ts';
import { eventually, found } from '../shop/waiting.ts';
import { CommitFaults } from './commit-faults.ts';

/** Before the commits of each service. */
const CLEAN_RUNS = 2;
const MOST_CLEAN_RUNS = 10;
/** How often a commit is looked for that some run has met, and one that none has. */
const MOST_TRIES = { seen: 10, unseen: 2 };
const PRICE = 1_000;

interface Stage {
  readonly shop: ShopInProcess;
  readonly faults: CommitFaults;
  readonly databases: Databases;
  readonly customer: Customer;
  readonly productId: string;
  readonly country: string;
  readonly ends: string;
}

/**
 * Lets the same checkout run again and again, and each time another of its commits fails: the first of a service, then
 * the second, until runs end without meeting it. Services commit side by side, so each one's commits are counted by
 * themselves. Two messages that meet share a commit, so one run may have a commit fewer than another: a commit that a
 * run did not meet is looked for again. At least as many must fail as every undisturbed run has made.
 */
export async function failEveryCommit(
  t: TestContext,
  saga: SagaStyle,
  { country, ends }: { country: string; ends: string },
): Promise<void> {
  const faults = new CommitFaults();
  const shop = await ShopInProcess.start(saga, { beforeCommit: faults.beforeCommit });
  const databases = new Databases(shop);
  t.after(() => databases.close().then(() => shop.stop()));
  const admin = await shop.admin();
  const { id: productId } = await admin.makeProduct({ price: PRICE, pieces: 1_000 });
  const customer = await Member.withMoney(shop.api, 1_000 * PRICE);
  const stage: Stage = { shop, faults, databases, customer, productId, country, ends };

  await run(stage);
  const told: string[] = [];
  for (const service of SERVICES) {
    // Code that has run often is fast, and its messages meet more often: what is compared is of the same time.
    const seen: number[] = [];
    for (let at = 0; at < CLEAN_RUNS; at++) seen.push((await run(stage)).get(service) ?? 0);
    const failed = await failEachOf(service, Math.max(...seen), stage);
    // On a machine that has become slower, or faster, meanwhile more of them meet.
    for (let more = 0; failed < Math.min(...seen) && more < MOST_CLEAN_RUNS; more++)
      seen.push((await run(stage)).get(service) ?? 0);
    told.push(`${service}: ${failed} of ${range(seen)}`);
    ok(failed >= Math.min(...seen), `${service} made ${range(seen)} commits undisturbed; ${failed} were made to fail`);
  }
  t.diagnostic(`commits that failed, of those seen in an undisturbed run: ${told.join(', ')}`);
}

/** How many commits of this service there were to fail. */
async function failEachOf(service: ServiceName, seen: number, stage: Stage): Promise<number> {
  for (let commit = 1; ; commit++) {
    const mostTries = commit <= seen ? MOST_TRIES.seen : MOST_TRIES.unseen;
    if (!(await isMet(stage, { service, commit }, mostTries))) return commit - 1;
  }
}

async function isMet(
  stage: Stage,
  target: { readonly service: ServiceName; readonly commit: number },
  mostTries: number,
): Promise<boolean> {
  for (let tries = 0; tries < mostTries; tries++) {
    const seen = (await run(stage, target)).get(target.service) ?? 0;
    if (stage.faults.hasFailed) return true;
    if (seen === 0) return false;
  }
  return false;
}

/** One order, from the request to the rest of the whole system; then every invariant. */
async function run(
  { shop, faults, databases, customer, productId, country, ends }: Stage,
  target?: { service: ServiceName; commit: number },
) {
  const before = await customer.accountNow(customer.account.id);
  faults.begin(target);
  const headers = { 'idempotency-key': randomUUID() };
  const { id } = await found('the order is taken', async () => {
    const answer = await customer.askForOrder({ productId, country, headers });
    return answer.status === 202 ? (answer.body as OrderView) : undefined;
  });
  await eventually('the system is quiet', async () => (await unrest(databases)).length === 0);
  const counts = faults.end();
  const name = target ? `with commit ${target.commit} of ${target.service} failed` : 'undisturbed';
  const after = await customer.accountNow(customer.account.id);
  strictEqual((await customer.orderNow(id)).status, ends, name);
  strictEqual(before.balance.amount - after.balance.amount, ends === 'confirmed' ? PRICE : 0, name);
  await invariantsIn(shop, databases);
  return counts;
}

const range = (seen: readonly number[]): string => {
  const [least, most] = [Math.min(...seen), Math.max(...seen)];
  return least === most ? String(least) : `${least} to ${most}`;
};
