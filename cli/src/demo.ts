import { parseArgs } from 'node:util';
import { addressIn } from './data-directory.ts';
import { type Audit, audit } from './demo/books.ts';
import { ProgressLine } from './demo/progress-line.ts';
import { RefusedError, ShopApi } from './demo/shop-api.ts';
import { browse, shop } from './demo/shopping.ts';
import { Tally } from './demo/tally.ts';
import { OperationError } from './operations/operation.error.ts';
import { optionFault, UsageError } from './settings.ts';

const HELP = `Usage: ashlar demo [options]

Simulates customers of a running system: they sign up, open an account, deposit money, browse and order. Some orders
cost too much, some cannot be shipped, some are cancelled. At the end it checks that the books balance.

  --orders N        how many orders (100)
  --concurrency C   how many at a time (8)
  --url URL         the shop's address; by default that of the system running on the data directory
  --data DIR        where the system keeps its data (.ashlar)`;

interface DemoOptions {
  readonly orders: number;
  readonly concurrency: number;
  readonly url: string;
}

/** `ashlar demo`: a day in the shop, in seconds. Exit code 1 when the books do not balance. */
export async function demo(args: readonly string[]): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    console.log(HELP);
    return 0;
  }
  const { orders, concurrency, url } = readOptions(args);
  const api = new ShopApi(url);
  try {
    if (!(await isOpen(api))) {
      console.error(`No Ashlar answers at ${url}: start one with npm start, or give its address with --url.`);
      return 1;
    }
    const products = await browse(api);
    if (products.length === 0) {
      console.error('There is nothing to buy for customers: start the system with --seed demo, or make products.');
      return 1;
    }
    const tally = new Tally();
    const line = new ProgressLine(
      process.stdout,
      () => `  ${tally.done} of ${orders} orders, ${tally.rate.toFixed(1)}/s`,
    );
    const customers = await shop(api, products, { orders, concurrency, tally, onOrder: () => line.moved() }).finally(
      () => line.end(),
    );
    const audits = await audit(
      customers,
      products.map(({ id }) => id),
      api,
    );
    console.log(report(tally, audits));
    return tally.failures.length === 0 && audits.every(({ faults }) => faults.length === 0) ? 0 : 1;
  } catch (error) {
    throw isOfTheShop(error) ? new OperationError(`the demo has ended early. ${error.message}`) : error;
  } finally {
    await api.close();
  }
}

/** Told by the shop, or by the connection to it. */
const isOfTheShop = (error: unknown): error is Error =>
  error instanceof RefusedError || (error instanceof Error && 'code' in error);

function readOptions(args: readonly string[]): DemoOptions {
  const faults: string[] = [];
  const values = parse(args, faults);
  const count = (name: 'orders' | 'concurrency', most: number): number => {
    const number = Number(values[name]);
    const fits = /^\d+$/.test(values[name]) && number >= 1 && number <= most;
    if (!fits) faults.push(`--${name} must be a whole number from 1 to ${most}.`);
    return number;
  };
  const url = values.url ?? addressIn(values.data) ?? 'http://localhost:8080';
  const isAddress = URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
  if (!isAddress) faults.push('--url must be an address that begins with http://.');
  const options = { orders: count('orders', 1_000_000), concurrency: count('concurrency', 1_000), url };
  if (faults.length > 0) throw new UsageError(faults);
  return options;
}

function parse(args: readonly string[], faults: string[]) {
  const data = process.env['DATA_DIR'] ?? '.ashlar';
  const defaults = { orders: '100', concurrency: '8', data, url: undefined };
  const text = { type: 'string' } as const;
  try {
    const options = { orders: text, concurrency: text, data: text, url: text };
    return { ...defaults, ...parseArgs({ args: [...args], options, allowPositionals: false }).values };
  } catch (error) {
    faults.push(optionFault(error));
    return defaults;
  }
}

const isOpen = (api: ShopApi): Promise<boolean> =>
  api.call('GET /readyz').then(
    ({ status }) => status === 200,
    () => false,
  );

function report(tally: Tally, audits: readonly Audit[]): string {
  const figures = tally.rows().map(([name, value]) => `  ${name.padEnd(34)} ${value.padStart(14)}`);
  const checks = audits.flatMap(({ invariant, faults }) => [
    `  ${faults.length === 0 ? '✔' : '✖'} ${invariant}`,
    ...faults.slice(0, 5).map((fault) => `      ${fault}`),
    ...(faults.length > 5 ? [`      and ${faults.length - 5} more`] : []),
  ]);
  const failures = [...new Set(tally.failures)].slice(0, 5).map((failure) => `  ✖ ${failure}`);
  return ['', ...figures, '', ...checks, ...failures, ''].join('\n');
}
