import { join } from 'node:path';
import { ShopApi } from '@ashlar/cli';
import { median, quantile } from './closed-loop.ts';
import { atEnd, isQuick, measure, workDirectory } from './lifetime.ts';
import { ownCpuMs } from './process-usage.ts';
import { circumstances, print } from './report.ts';
import { ShopProcess } from './shop-process.ts';
import { assortment, Shopper } from './shopper.ts';

/** The claim: recording a tenth of all traces costs at most a twentieth of the CPU of a checkout. */
const ROUNDS = isQuick ? 1 : 40;
const CHECKOUTS = isQuick ? 20 : 50;
const WARM_UP = isQuick ? 20 : 400;
const AT_ONCE = 8;

type Arm = 'none' | 'a tenth' | 'the default' | 'all';

const SHARES: Readonly<Record<Arm, Readonly<Record<string, string>>>> = {
  none: { OTEL_TRACES_SAMPLER_ARG: '0' },
  'a tenth': { OTEL_TRACES_SAMPLER_ARG: '0.1' },
  'the default': {},
  all: { OTEL_TRACES_SAMPLER_ARG: '1' },
};
const ARMS = Object.keys(SHARES) as Arm[];

/** A shop that records such a share of its traces, with customers. */
class RecordingShop {
  private constructor(
    private readonly shop: ShopProcess,
    private readonly shoppers: readonly Shopper[],
  ) {}

  static async open(arm: Arm): Promise<RecordingShop> {
    const shop = await ShopProcess.start({ data: join(workDirectory(), 'data'), environment: SHARES[arm] });
    const api = new ShopApi(shop.url);
    atEnd(() => api.close());
    const products = await assortment(api);
    const numbers = Array.from({ length: AT_ONCE }, (_, number) => number);
    return new RecordingShop(shop, await Promise.all(numbers.map((n) => Shopper.arrive(api, products, n))));
  }

  /** CPU of the shop's own process for each of so many checkouts, in ms. */
  async checkouts(count: number): Promise<number> {
    const before = ownCpuMs(this.shop.pid) ?? Number.NaN;
    let left = count;
    const buy = async (shopper: Shopper) => {
      while (left-- > 0) {
        const { id, status } = await shopper.decided(await shopper.order());
        if (status !== 'confirmed') throw new Error(`The order ${id} failed.`);
      }
    };
    await Promise.all(this.shoppers.map(buy));
    return ((ownCpuMs(this.shop.pid) ?? Number.NaN) - before) / count;
  }
}

const sum = (values: readonly number[]): number => values.reduce((one, other) => one + other, 0);

await measure(async () => {
  const shops = new Map<Arm, RecordingShop>();
  for (const arm of ARMS) shops.set(arm, await RecordingShop.open(arm));
  for (const arm of ARMS) await shops.get(arm)!.checkouts(WARM_UP);
  const spent = new Map<Arm, number[]>(ARMS.map((arm) => [arm, []]));
  for (let round = 0; round < ROUNDS; round++) {
    // Each round begins with another one: whoever is first in a disturbance is so as often as the others.
    for (let turn = 0; turn < ARMS.length; turn++) {
      const arm = ARMS[(round + turn) % ARMS.length]!;
      spent.get(arm)!.push(await shops.get(arm)!.checkouts(CHECKOUTS));
    }
  }
  const without = spent.get('none')!;
  const rows = ARMS.map((arm) => {
    const own = spent.get(arm)!;
    const ratios = own.map((ms, round) => ms / without[round]!);
    const spread = `${quantile(ratios, 0.25).toFixed(2)} to ${quantile(ratios, 0.75).toFixed(2)}`;
    const together = sum(own) / sum(without);
    return [arm, median(own).toFixed(2), together.toFixed(3), median(ratios).toFixed(3), arm === 'none' ? '' : spread];
  });
  const head = [
    'recorded',
    'CPU of a checkout, ms (median)',
    'to none, all rounds together',
    'in the same round (median)',
    'middle half',
  ];
  const turns =
    `${ROUNDS} rounds of ${CHECKOUTS} checkouts in each of ${ARMS.length} shops, in turns, ${AT_ONCE} at once; ` +
    'CPU of the process that all services and the gateway share.';
  print('What recording traces costs', { tables: [{ head, rows }], notes: [turns, circumstances({})] });
});
