import { ok } from 'node:assert/strict';
import type { TestContext } from 'node:test';
import fc from 'fast-check';
import { Customer } from './customer.ts';
import { aSlowShop, type SlowShop } from './slow-shop.ts';

type Deed = 'makeProduct' | 'changePrice' | 'addStock' | 'order' | 'seeProduct' | 'seeStock' | 'seeOrder' | 'seeOrders';
type Trouble = 'pause replicas' | 'resume replicas' | 'flush Redis' | 'freeze Redis' | 'none';

const deeds = fc.constantFrom<Deed[]>(
  ...(['makeProduct', 'changePrice', 'changePrice', 'addStock', 'order', 'order'] as const),
  ...(['seeProduct', 'seeStock', 'seeOrder', 'seeOrders'] as const),
);
const troubles = fc.constantFrom<Trouble[]>(
  ...(['pause replicas', 'resume replicas', 'flush Redis', 'freeze Redis', 'none', 'none'] as const),
);

const FROZEN_MS = 150;

const strike: Readonly<Record<Trouble, (shop: SlowShop) => Promise<unknown> | unknown>> = {
  'pause replicas': ({ replay }) => replay(false),
  'resume replicas': ({ replay }) => replay(true),
  'flush Redis': ({ redis }) => redis.ask((client) => client.flushall()).catch(() => {}),
  'freeze Redis': ({ redis }) => {
    redis.freeze();
    setTimeout(() => redis.thaw(), FROZEN_MS);
  },
  none: () => {},
};

interface Extent {
  /** At least so many reads, each straight after a write or another read. */
  readonly reads: number;
  readonly slowestMs: number;
}

/** Customers who do whatever they like, while every layer between them and the data is late, each by chance. */
export async function readYourWrites(t: TestContext, { reads, slowestMs }: Extent): Promise<void> {
  let delays = fc.sample(fc.integer({ min: 0, max: slowestMs }), { numRuns: 1_000 });
  const delayMs = () => {
    const next = delays.pop();
    if (next !== undefined) return next;
    delays = fc.sample(fc.integer({ min: 0, max: slowestMs }), { numRuns: 1_000 });
    return 0;
  };
  const shop = await aSlowShop(t, delayMs);
  const sessions = fc.tuple(
    fc.array(fc.tuple(deeds, troubles), { minLength: 20, maxLength: 20 }),
    fc.array(deeds, { minLength: 20, maxLength: 20 }),
    fc.array(deeds, { minLength: 20, maxLength: 20 }),
  );
  let total = 0;
  while (total < reads) {
    const property = fc.asyncProperty(sessions, async ([first, ...others]) => {
      const customers = Array.from({ length: 3 }, () => new Customer(shop.url));
      const troubled = async (customer: Customer) => {
        await customer.makeProduct();
        for (const [deed, trouble] of first) {
          await strike[trouble](shop);
          await customer[deed]();
        }
      };
      const undisturbed = async (customer: Customer, all: readonly Deed[]) => {
        await customer.makeProduct();
        for (const deed of all) await customer[deed]();
      };
      const [one, ...rest] = customers;
      await Promise.all([troubled(one!), ...rest.map((customer, n) => undisturbed(customer, others[n]!))]);
      total += customers.reduce((sum, customer) => sum + customer.reads, 0);
    });
    await fc.assert(property, { numRuns: 1, endOnFailure: true });
  }
  t.diagnostic(`${total} reads, none stale`);
  ok(total >= reads);
}
