import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { SERVICES, ShopApi } from '@ashlar/cli';
import { closedLoop, quantile } from './closed-loop.ts';
import { atEnd, isQuick, measure, workDirectory } from './lifetime.ts';
import { cpuMs, ownCpuMs } from './process-usage.ts';
import { circumstances, figure, ms, print } from './report.ts';
import { ShopProcess } from './shop-process.ts';
import { assortment, Shopper } from './shopper.ts';

/**
 * The claim: what a checkout costs in CPU is known by part, so that the machines for a rate can be told beforehand.
 * Services are processes here, over NATS and Redis at their usual addresses.
 */
const POINT_MS = isQuick ? 2_000 : 20_000;
const IDLE_MS = isQuick ? 1_000 : 10_000;
const WARM_UP_MS = isQuick ? 1_000 : 10_000;
const AT_ONCE = 16;
const COUNTS = [1, 2, 4];
/** Those that a checkout goes through. */
const SCALED = ['inventory', 'payment', 'order', 'shipping'];

interface ServicesView {
  readonly items: readonly { readonly service: string; readonly replicas: readonly { readonly pid: number }[] }[];
}

/** CPU in ms, by part. */
type Usage = Readonly<Record<string, number>>;

interface Point {
  readonly replicas: number;
  readonly checkouts: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  /** CPU of each part in a second in which nobody asks for anything, in ms. */
  readonly idle: Usage;
  /** CPU of each part for one checkout, in ms, beyond that. */
  readonly each: Usage;
  /** What all parts together had under load, in ms of CPU a second. */
  readonly hadMs: number;
}

class ScaledShop {
  private constructor(
    private readonly shop: ShopProcess,
    private readonly pids: ReadonlyMap<string, readonly number[]>,
    private readonly shoppers: readonly Shopper[],
  ) {}

  static async open(replicas: number): Promise<ScaledShop> {
    const counts = SCALED.map((service) => `${service}=${replicas}`).join(',');
    const data = join(workDirectory(), `scaled-${replicas}`);
    const shop = await ShopProcess.start({ data, replicas: counts });
    const api = new ShopApi(shop.url);
    atEnd(() => api.close());
    const products = await assortment(api);
    const numbers = Array.from({ length: AT_ONCE }, (_, number) => number);
    const shoppers = await Promise.all(numbers.map((number) => Shopper.arrive(api, products, number)));
    const token = await signIn(api, JSON.parse(readFileSync(join(data, 'admin.json'), 'utf8')));
    const { body } = await api.call<ServicesView>('GET /ops/services', { token });
    const pids = new Map(body.items.map((one) => [one.service, one.replicas.map(({ pid }) => pid)]));
    return new ScaledShop(shop, pids, shoppers);
  }

  async load(forMs: number) {
    const buy = async (client: number) => {
      const shopper = this.shoppers[client]!;
      const order = await shopper.decided(await shopper.order());
      if (order.status !== 'confirmed') throw new Error(`The order ${order.id} ended as ${order.status}.`);
    };
    const idle = await this.#idle();
    const [before, began] = [this.#usage(), performance.now()];
    const latencies = await timed(buy, forMs);
    const seconds = (performance.now() - began) / 1_000;
    const spent = difference(this.#usage(), before);
    const checkouts = latencies.length;
    const each = mapped(spent, (cpu, part) => (cpu - idle[part]! * seconds) / checkouts);
    const p50Ms = quantile(latencies, 0.5);
    return { checkouts, perSecond: checkouts / seconds, p50Ms, idle, each, hadMs: totalOf(spent) / seconds };
  }

  async #idle(): Promise<Usage> {
    const [before, began] = [this.#usage(), performance.now()];
    await pause(IDLE_MS);
    const seconds = (performance.now() - began) / 1_000;
    return mapped(difference(this.#usage(), before), (cpu) => cpu / seconds);
  }

  stop(): Promise<void> {
    return this.shop.stop();
  }

  #usage(): Usage {
    const ofServices = SERVICES.map((service) => {
      const pids = this.pids.get(service) ?? [];
      return [service, pids.reduce((sum, pid) => sum + (ownCpuMs(pid) ?? Number.NaN), 0)] as const;
    });
    return {
      gateway: ownCpuMs(this.shop.pid) ?? Number.NaN,
      ...Object.fromEntries(ofServices),
      postgres: cpuMs(this.shop.postgresPid) ?? Number.NaN,
    };
  }
}

async function timed(buy: (client: number) => Promise<void>, forMs: number): Promise<number[]> {
  const latencies: number[] = [];
  const one = async (client: number) => {
    const from = performance.now();
    await buy(client);
    latencies.push(performance.now() - from);
  };
  await closedLoop(one, { atOnce: AT_ONCE, forMs });
  return latencies.sort((a, b) => a - b);
}

async function signIn(api: ShopApi, body: { readonly email: string; readonly password: string }): Promise<string> {
  const answer = await api.call<{ readonly accessToken: string }>('POST /v1/sessions', { body });
  return answer.body.accessToken;
}

const mapped = (usage: Usage, change: (cpu: number, part: string) => number): Usage =>
  Object.fromEntries(Object.entries(usage).map(([part, cpu]) => [part, change(cpu, part)]));

const difference = (after: Usage, before: Usage): Usage => mapped(after, (cpu, part) => cpu - before[part]!);

const totalOf = (each: Usage): number => Object.values(each).reduce((sum, cpu) => sum + cpu, 0);

await measure(async () => {
  const points: Point[] = [];
  for (const replicas of COUNTS) {
    const shop = await ScaledShop.open(replicas);
    await shop.load(WARM_UP_MS);
    points.push({ replicas, ...(await shop.load(POINT_MS)) });
    await shop.stop();
  }
  const parts = Object.keys(points[0]!.each);
  const head = (what: string) => [what, ...points.map(({ replicas }) => `${replicas} of each`)];
  const rows = (of: (point: Point) => Usage) => [
    ...parts.map((part) => [part, ...points.map((point) => figure(of(point)[part]!))]),
    ['together', ...points.map((point) => figure(totalOf(of(point))))],
  ];
  print('A checkout by part, and with more replicas', {
    tables: [
      { head: head('CPU of a checkout, ms'), rows: rows(({ each }) => each) },
      { head: head('CPU of a second at rest, ms'), rows: rows(({ idle }) => idle) },
      {
        head: ['replicas', 'checkouts/s', 'p50', 'CPU had, ms/s', 'foretold, checkouts/s', 'measured / foretold'],
        rows: points.map(({ replicas, perSecond, p50Ms, hadMs, idle }) => {
          const foretold = (hadMs - totalOf(idle)) / totalOf(points[0]!.each);
          return [
            String(replicas),
            figure(perSecond),
            ms(p50Ms),
            figure(hadMs),
            figure(foretold),
            figure(perSecond / foretold),
          ];
        }),
      },
    ],
    notes: [
      `${AT_ONCE} customers at once; replicas of ${SCALED.join(', ')}; NATS, Redis and the clients are not counted.`,
      'Foretold: the CPU that all parts had, less what they take at rest, divided by a checkout with one of each.',
      circumstances({}),
    ],
  });
});
