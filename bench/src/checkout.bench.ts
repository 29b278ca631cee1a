import { join } from 'node:path';
import { ShopApi } from '@ashlar/cli';
import { provisionBench, ThinPg } from './bench-database.ts';
import { closedLoop, quantile } from './closed-loop.ts';
import { atEnd, isQuick, measure, workDirectory } from './lifetime.ts';
import { OrderBook } from './order-book.ts';
import { cpuMs, ownCpuMs } from './process-usage.ts';
import { circumstances, figure, ms, print } from './report.ts';
import { ShopProcess } from './shop-process.ts';
import { assortment, Shopper } from './shopper.ts';

/** The claim: a checkout costs little more than its transactions. */
const POINT_MS = isQuick ? 1_000 : 5_000;
const WARM_UP_MS = isQuick ? 500 : 8_000;
const PEER_MS = isQuick ? 300 : 1_500;
const SLICES = 4;

/**
 * What a checkout needs when it is alone: the request, five replies, five steps of the others, and three for the
 * carrier's job.
 */
const BY_HAND_TRANSACTIONS = 14;

type Style = 'orchestration' | 'choreography';

interface Point {
  readonly style: Style;
  readonly atOnce: number;
  /** Through the shop as its clients do, or past it. */
  readonly seenBy: 'events' | 'database';
  readonly hot?: boolean;
}

const POINTS: readonly Point[] = [
  { style: 'orchestration', atOnce: 1, seenBy: 'events' },
  { style: 'orchestration', atOnce: 8, seenBy: 'events' },
  { style: 'orchestration', atOnce: 32, seenBy: 'events' },
  { style: 'orchestration', atOnce: 32, seenBy: 'database' },
  { style: 'orchestration', atOnce: 32, seenBy: 'events', hot: true },
  { style: 'choreography', atOnce: 1, seenBy: 'events' },
  { style: 'choreography', atOnce: 8, seenBy: 'events' },
  { style: 'choreography', atOnce: 32, seenBy: 'events' },
];

class OpenShop {
  private constructor(
    readonly process: ShopProcess,
    private readonly shoppers: readonly Shopper[],
    private readonly book: OrderBook,
  ) {}

  static async open(saga: Style, customers: number): Promise<OpenShop> {
    const shop = await ShopProcess.start({ saga, data: join(workDirectory(), 'data') });
    const api = new ShopApi(shop.url);
    atEnd(() => api.close());
    const products = await assortment(api);
    const numbers = Array.from({ length: customers }, (_, number) => number);
    const shoppers = await Promise.all(numbers.map((number) => Shopper.arrive(api, products, number)));
    return new OpenShop(shop, shoppers, await OrderBook.open(shop.databaseUrl('order')));
  }

  /** Shops for a while; what cannot be bought is an error, not a figure. */
  async load({ atOnce, seenBy, hot }: Point, forMs: number) {
    const { book } = this;
    const ids: string[] = [];
    const ends: number[] = [];
    const buy = async (client: number) => {
      const shopper = this.shoppers[hot ? 0 : client]!;
      const order = await shopper.order();
      if (seenBy === 'database') await book.decided(order.id);
      else if ((await shopper.decided(order)).status !== 'confirmed') throw new Error(`The order ${order.id} failed.`);
      ids.push(order.id);
      ends.push(performance.now());
    };
    const before = await this.#usage();
    const began = performance.now();
    const round = await closedLoop(buy, { atOnce, forMs });
    const after = await this.#usage();
    const inTime = await book.durations(ids);
    if (inTime.length < ids.length) throw new Error(`${ids.length - inTime.length} of ${ids.length} orders failed.`);
    const each = (key: keyof typeof before) => (after[key] - before[key]) / ids.length;
    return { ...round, inTime, slices: slices(ends, began, forMs), each };
  }

  async #usage() {
    return {
      shop: ownCpuMs(this.process.pid) ?? Number.NaN,
      postgres: cpuMs(this.process.postgresPid) ?? Number.NaN,
      client: ownCpuMs(process.pid) ?? Number.NaN,
      ...(await this.book.work()),
    };
  }
}

/** The rate in each part of the time. */
function slices(ends: readonly number[], began: number, forMs: number): number[] {
  const width = forMs / SLICES;
  const counts = Array.from({ length: SLICES }, () => 0);
  for (const end of ends) {
    const slice = Math.floor((end - began) / width);
    if (slice < SLICES) counts[slice]! += 1;
  }
  return counts.map((count) => (count * 1_000) / width);
}

/** What a checkout cannot be faster than: its transactions, one row each, one after another, on the same server. */
async function byHand(adminUrl: string): Promise<Map<number, number>> {
  const thin = new ThinPg(await provisionBench(adminUrl));
  await thin.script('create table steps (id bigserial primary key, order_id text not null, data jsonb not null)');
  const step = JSON.stringify({ status: 'done', orderId: '0198c0de-0000-7000-8000-000000000000', amount: 1_299 });
  const checkout = async () => {
    for (let done = 0; done < BY_HAND_TRANSACTIONS; done++) {
      await thin.query('step', 'insert into steps (order_id, data) values ($1, $2)', ['order', step]);
    }
  };
  const rates = new Map<number, number>();
  for (const atOnce of [1, 8, 32]) {
    await closedLoop(checkout, { atOnce, forMs: PEER_MS / 10 });
    rates.set(atOnce, (await closedLoop(checkout, { atOnce, forMs: PEER_MS })).perSecond);
  }
  return rates;
}

async function measureStyle(style: Style): Promise<string[][]> {
  console.error(`  ${style}: the shop opens, and warms up`);
  const points = POINTS.filter((point) => point.style === style);
  const shop = await OpenShop.open(style, Math.max(...points.map(({ atOnce }) => atOnce)));
  for (const seenBy of ['events', 'database'] as const) {
    await shop.load({ style, atOnce: 32, seenBy }, WARM_UP_MS / 2);
  }
  const peers = await byHand(shop.process.adminUrl);
  const rows: string[][] = [];
  for (const point of points) {
    console.error(`  ${style}, ${point.atOnce} at once, seen by ${point.seenBy}${point.hot ? ', one account' : ''}`);
    rows.push(rowOf(point, await shop.load(point, POINT_MS), peers.get(point.atOnce)!));
  }
  await shop.process.stop();
  return rows;
}

function rowOf({ style, atOnce, seenBy, hot }: Point, seen: Awaited<ReturnType<OpenShop['load']>>, peer: number) {
  const { perSecond, latenciesMs, inTime, slices: parts, each } = seen;
  return [
    `${style}${hot ? ', one hot account' : ''}, end seen in the ${seenBy}`,
    String(atOnce),
    figure(perSecond),
    `${figure(Math.min(...parts))}–${figure(Math.max(...parts))}`,
    (perSecond / peer).toFixed(2),
    `${ms(quantile(latenciesMs, 0.5))} / ${ms(quantile(latenciesMs, 0.99))}`,
    `${ms(quantile(inTime, 0.5))} / ${ms(quantile(inTime, 0.99))}`,
    `${ms(each('shop'))} / ${ms(each('postgres'))} / ${ms(each('client'))}`,
    each('transactions').toFixed(1),
    (each('walBytes') / 1_024).toFixed(1),
  ];
}

await measure(async () => {
  const rows = [...(await measureStyle('orchestration')), ...(await measureStyle('choreography'))];
  const head = [
    'checkout, POST to final state',
    'at once',
    'per second',
    'min–max',
    '× by hand',
    'p50 / p99 ms, client',
    'p50 / p99 ms, timeline',
    'CPU ms each: Node / PostgreSQL / client',
    'transactions each',
    'WAL each, KB',
  ];
  print('The whole checkout', {
    tables: [{ head, rows }],
    notes: [
      circumstances({}),
      [
        'The shop is a process of its own, the clients are another on the same cores;',
        `${POINT_MS / 1_000} s each, min–max of its quarters; each client is a customer with an account`,
        'of its own, and orders two of the 24 products.',
      ].join(' '),
      [
        'Events: each client listens to `/v1/orders/:id/events` through the gateway, which costs the',
        'shop a stream and some reads an order. Database: one query every 5 ms for all, past the shop.',
        'The timeline counts from the order’s `createdAt` to its last entry.',
      ].join(' '),
      [
        `By hand: ${BY_HAND_TRANSACTIONS} INSERTs of a row, one transaction each, one after another, on`,
        'the same server with thin pg: what the transactions of a checkout cost without anything else.',
      ].join(' '),
      'Transactions and WAL are those of the whole server, with everything that the shop does beside.',
    ],
  });
});
