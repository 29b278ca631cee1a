import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ShopApi } from '@ashlar/cli';
import { PostgresDatabase } from '@ashlar/postgres';
import { quantile } from './closed-loop.ts';
import { atEnd, isQuick, measure, workDirectory } from './lifetime.ts';
import { circumstances, ms, print } from './report.ts';
import { ShopProcess } from './shop-process.ts';
import { assortment, Shopper } from './shopper.ts';

/**
 * The claim: what was under way when a process was killed without a word ends soon after it is back, or sooner when
 * another replica takes over.
 */
const IN_FLIGHT = 200;
const AT_ONCE = 40;
const ROUNDS = isQuick ? 1 : 5;
const TWO_OF_EACH = ['inventory', 'payment', 'order', 'shipping'].map((service) => `${service}=2`).join(',');

interface Recovery {
  readonly inFlight: number;
  /** Until the system answered again; nothing where it never ceased to. */
  readonly readyMs: number | undefined;
  /** Until the last of them had ended. */
  readonly allMs: number;
}

interface ServicesView {
  readonly items: readonly { readonly service: string; readonly replicas: readonly { readonly pid: number }[] }[];
}

/** Places orders faster than they end; resolves with the sagas that run once there are enough of them. */
class Crowd {
  #isOver = false;
  readonly #ordering: Promise<unknown>;

  constructor(private readonly shoppers: readonly Shopper[]) {
    this.#ordering = Promise.all(this.shoppers.map((shopper) => this.#order(shopper)));
  }

  async until(orders: PostgresDatabase): Promise<readonly string[]> {
    for (;;) {
      const running = await runningIn(orders);
      if (running.length >= IN_FLIGHT) return running;
      await pause(5);
    }
  }

  /** Whoever is being answered when the system dies gets an error, and is not asked. */
  async leave(): Promise<void> {
    this.#isOver = true;
    await this.#ordering;
  }

  async #order(shopper: Shopper): Promise<void> {
    while (!this.#isOver) await shopper.order().catch(() => pause(100));
  }
}

async function runningIn(orders: PostgresDatabase): Promise<readonly string[]> {
  const sql = `select id from sagas where status not in ('completed', 'compensated')`;
  return (await orders.query<{ id: string }>(sql)).map(({ id }) => id);
}

async function haveEnded(orders: PostgresDatabase, ids: readonly string[]): Promise<void> {
  const sql = `select 1 from sagas where id = any($1) and status not in ('completed', 'compensated') limit 1`;
  while ((await orders.query(sql, [ids])).length > 0) await pause(10);
}

async function openShop(options: Parameters<typeof ShopProcess.start>[0]) {
  const shop = await ShopProcess.start(options);
  const api = new ShopApi(shop.url);
  atEnd(() => api.close());
  const products = await assortment(api);
  const numbers = Array.from({ length: AT_ONCE }, (_, number) => number);
  const shoppers = await Promise.all(numbers.map((number) => Shopper.arrive(api, products, number)));
  return { shop, api, shoppers };
}

const ordersOf = (shop: ShopProcess): PostgresDatabase =>
  new PostgresDatabase({ url: shop.databaseUrl('order'), maxConnections: 1 });

/** Everything dies, the database included, and starts again on the same data. */
async function startAgain(): Promise<Recovery> {
  const data = join(workDirectory(), 'data');
  const { shop, shoppers } = await openShop({ data });
  const before = ordersOf(shop);
  const crowd = new Crowd(shoppers);
  const ids = await crowd.until(before);
  await shop.kill();
  await Promise.all([crowd.leave(), before.close()]);
  const began = performance.now();
  const again = await ShopProcess.start({ data });
  const after = ordersOf(again);
  await haveEnded(after, ids);
  const allMs = performance.now() - began;
  await after.close();
  await again.stop();
  return { inFlight: ids.length, readyMs: again.startedInMs, allMs };
}

/** One of two replicas of the order service dies, while people go on ordering for a moment. */
async function takeOver(): Promise<Recovery> {
  const data = join(workDirectory(), 'data');
  const { shop, api, shoppers } = await openShop({ data, replicas: TWO_OF_EACH });
  const orders = ordersOf(shop);
  const victim = await aReplicaOfOrder(api, data);
  const crowd = new Crowd(shoppers);
  const ids = await crowd.until(orders);
  process.kill(victim, 'SIGKILL');
  const began = performance.now();
  await crowd.leave();
  await haveEnded(orders, ids);
  const allMs = performance.now() - began;
  await orders.close();
  await shop.stop();
  return { inFlight: ids.length, readyMs: undefined, allMs };
}

async function aReplicaOfOrder(api: ShopApi, data: string): Promise<number> {
  const secret = JSON.parse(readFileSync(join(data, 'admin.json'), 'utf8')) as { email: string; password: string };
  const body = { email: secret.email, password: secret.password };
  const { body: session } = await api.call<{ readonly accessToken: string }>('POST /v1/sessions', { body });
  const services = await api.call<ServicesView>('GET /ops/services', { token: session.accessToken });
  return services.body.items.find(({ service }) => service === 'order')!.replicas[0]!.pid;
}

async function rounds(once: () => Promise<Recovery>): Promise<readonly Recovery[]> {
  const all: Recovery[] = [];
  for (let round = 0; round < ROUNDS; round++) all.push(await once());
  return all;
}

function row(name: string, all: readonly Recovery[], target: string): readonly string[] {
  const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b);
  const ends = sorted(all.map(({ allMs }) => allMs));
  const ready = sorted(all.flatMap(({ readyMs }) => readyMs ?? []));
  return [
    name,
    all.map(({ inFlight }) => inFlight).join(', '),
    ready.length > 0 ? ms(quantile(ready, 0.5)) : '–',
    ms(quantile(ends, 0.5)),
    ms(ends.at(-1)!),
    target,
  ];
}

await measure(async () => {
  print('What was under way when a process was killed', {
    tables: [
      {
        head: ['killed', 'sagas in flight', 'ready again, median', 'all ended, median', 'the slowest', 'target'],
        rows: [
          row('everything, the database too; started again', await rounds(startAgain), '3 s'),
          row('one of two replicas of the order service', await rounds(takeOver), '7 s'),
        ],
      },
    ],
    notes: [
      'From the start of the new process, or from the kill, until the last saga that ran at the kill has ended.',
      circumstances({}),
    ],
  });
});
