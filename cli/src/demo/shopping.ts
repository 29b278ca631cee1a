import { type Basket, Customer } from './customer.ts';
import type { ShopApi } from './shop-api.ts';
import type { Page, ProductView } from './shop-views.ts';
import type { Tally } from './tally.ts';

export interface Shopping {
  readonly orders: number;
  readonly concurrency: number;
  readonly onOrder: () => void;
}

/** So many orders share a customer: few enough that nobody meets a rate limit. */
const ORDERS_EACH = 25;
const MOST_CUSTOMERS = 200;
const MOST_LINES = 3;
const MOST_PIECES = 2;

/** One purchase in ten each costs more than anybody has, goes where no carrier goes, or is thought better of. */
type Intent = 'buy' | 'overspend' | 'ship to Antarctica' | 'cancel';
const INTENTS: Readonly<Record<number, Intent>> = { 3: 'overspend', 6: 'ship to Antarctica', 9: 'cancel' };

/** Dearer things are left to others: one deposit pays for all that a customer buys. */
const DEAREST = 10_000_000;

/** What there is to buy, in one currency. */
export async function browse(api: ShopApi): Promise<readonly ProductView[]> {
  const { body } = await api.call<Page<ProductView>>('GET /v1/products?limit=100');
  const affordable = body.items.filter(({ price }) => price.amount <= DEAREST);
  return affordable.filter(({ price }) => price.currency === affordable[0]!.price.currency);
}

/** Customers arrive, pay in, and place `orders` orders between them; answers the customers. */
export async function shop(
  api: ShopApi,
  products: readonly ProductView[],
  { tally, ...shopping }: Shopping & { tally: Tally },
) {
  const { orders, concurrency, onOrder } = shopping;
  const count = Math.min(MOST_CUSTOMERS, Math.max(concurrency, Math.ceil(orders / ORDERS_EACH)), orders);
  const customers = Array.from({ length: count }, (_, at) => new Customer(api, at + 1));
  const dearest = Math.max(...products.map(({ price }) => price.amount));
  const { currency } = products[0]!.price;
  const purse = dearest * MOST_LINES * MOST_PIECES * Math.ceil(orders / count);
  await inParallel(concurrency, count, async (at) => {
    await customers[at]!.arrive(currency);
    await customers[at]!.deposit({ amount: purse, currency });
  });
  tally.begin();
  await inParallel(concurrency, orders, async (at) => {
    const intent = INTENTS[at % 10] ?? 'buy';
    await purchase(customers[at % count]!, { intent, basket: basketFor(intent, products, at) }, tally);
    onOrder();
  });
  return customers;
}

async function purchase(
  customer: Customer,
  { intent, basket }: { intent: Intent; basket: Basket },
  tally: Tally,
): Promise<void> {
  const began = performance.now();
  try {
    const { id } = await customer.order(basket);
    if (intent === 'cancel') await customer.cancel(id);
    tally.add(await customer.decided(id), performance.now() - began);
  } catch (error) {
    tally.fail(error);
  }
}

function basketFor(intent: Intent, products: readonly ProductView[], at: number): Basket {
  const { currency } = products[0]!.price;
  const country = intent === 'ship to Antarctica' ? 'AQ' : 'US';
  if (intent === 'overspend') {
    return { currency, country, items: products.slice(0, 50).map(({ id }) => ({ productId: id, quantity: 1_000 })) };
  }
  const lines = 1 + (at % MOST_LINES);
  const items = Array.from({ length: lines }, (_, line) => ({
    productId: products[(at * MOST_LINES + line) % products.length]!.id,
    quantity: 1 + ((at + line) % MOST_PIECES),
  }));
  return { currency, country, items };
}

async function inParallel(workers: number, count: number, work: (at: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let at = next++; at < count; at = next++) await work(at);
  };
  await Promise.all(Array.from({ length: Math.min(workers, count) }, worker));
}
