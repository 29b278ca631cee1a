import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { type Format, readExposition, type Scraped, type ScrapedFamily } from '../shop/exposition.ts';
import { expectStatus } from '../shop/member.ts';
import { eventually, found } from '../shop/waiting.ts';
import { publishNonsense } from './operations.ts';
import { setCarrier } from './sagas.ts';
import type { Stage, StageTests } from './stage.ts';

const OPEN_METRICS = 'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3';

type Families = ReadonlyMap<string, ScrapedFamily>;

async function scrape(url: string, accept?: string): Promise<Families> {
  const answer = await fetch(url, accept === undefined ? {} : { headers: { accept } });
  const type = answer.headers.get('content-type') ?? '';
  const format: Format = type.startsWith('application/openmetrics-text; version=1.0.0') ? 'openmetrics' : 'prometheus';
  if (format === 'prometheus') ok(type.startsWith('text/plain; version=0.0.4'), type);
  strictEqual(format, accept === OPEN_METRICS ? 'openmetrics' : 'prometheus');
  return readExposition(await answer.text(), format);
}

/** Where each process, or each service of a process, tells its metrics. */
async function metricsUrls({ admin, shop }: Stage): Promise<ReadonlyMap<string, string>> {
  const { items } = await admin.get<{ items: readonly { service: string; replicas: readonly { url: string }[] }[] }>(
    '/ops/services',
  );
  const gateway = /http:\/\/127\.0\.0\.1:\d+\/metrics/.exec(shop.output)?.[0];
  ok(gateway, shop.output);
  return new Map([
    ['gateway', gateway],
    ...items.map(({ service, replicas }) => [service, `${replicas[0]!.url}/metrics`] as const),
  ]);
}

const samplesOf = (families: Families, family: string, labels: Readonly<Record<string, string>> = {}): Scraped[] =>
  (families.get(family)?.samples ?? []).filter((sample) =>
    Object.entries(labels).every(([name, value]) => sample.labels[name] === value),
  );

/** The one sample of this name and these labels. */
const numberOf = (
  families: Families,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined =>
  [...families.keys()]
    .filter((family) => name.startsWith(family))
    .flatMap((family) => samplesOf(families, family, labels).filter((sample) => sample.name === name))[0]?.value;

const OF_EACH_PROCESS = {
  nodejs_eventloop_delay_p50_seconds: [0, 60],
  nodejs_eventloop_delay_p99_seconds: [0, 60],
  nodejs_eventloop_delay_max_seconds: [0, 60],
  nodejs_eventloop_utilization_ratio: [0, 1],
  nodejs_heap_used_bytes: [1e6, 1e10],
  process_cpu_seconds_total: [0.1, 1e5],
  process_resident_memory_bytes: [1e7, 1e10],
  process_start_time_seconds: [1.7e9, 1e10],
} as const;

const OF_EACH_SERVICE = {
  db_client_connection_pending_requests: [0, 1e4],
  db_client_connections_max: [1, 100],
  outbox_age_seconds: [0, 600],
  outbox_unpublished: [0, 1e6],
} as const;

function areWithin(families: Families, bounds: Readonly<Record<string, readonly [number, number]>>, of: string): void {
  for (const [name, [least, most]] of Object.entries(bounds)) {
    const value = numberOf(families, name) ?? Number.NaN;
    ok(value >= least && value <= most, `${name} of ${of} is ${value}.`);
  }
}

export const metrics: StageTests = {
  'every process tells its metrics in the form that is asked for, to the letter, and with plausible values': async (
    stage,
  ) => {
    const { alice, cup } = stage;
    await alice.settled((await alice.order({ productId: cup.id })).id);
    const urls = await metricsUrls(stage);
    strictEqual(urls.size, 7);
    for (const [name, url] of urls) {
      const families = await scrape(url);
      areWithin(families, OF_EACH_PROCESS, name);
      const open = await scrape(url, OPEN_METRICS);
      deepStrictEqual(
        [...open.values()].map(({ name: family, type }) => (type === 'counter' ? `${family}_total` : family)),
        [...families.keys()],
      );
      strictEqual(open.get('process_resident_memory_bytes')?.unit, 'bytes');
      if (name === 'gateway') continue;
      areWithin(families, OF_EACH_SERVICE, name);
      strictEqual(samplesOf(families, 'db_client_connections').length, 2);
    }
  },

  'a checkout is counted by route, by consumer and by queue, with a trace as an example, and no path is a label':
    async (stage) => {
      const { alice, cup } = stage;
      const { id } = await alice.order({ productId: cup.id });
      await alice.settled(id);
      await alice.get(`/v1/orders/${id}`);
      const urls = await metricsUrls(stage);
      const of = async (name: string) => scrape(urls.get(name)!, OPEN_METRICS);
      const placed = { method: 'POST', route: '/v1/orders' };
      const [gateway, order] = [await of('gateway'), await of('order')];
      ok(numberOf(gateway, 'gateway_request_duration_seconds_count', placed)! > 0);
      ok(numberOf(gateway, 'gateway_requests_total', { ...placed, status: '202' })! > 0);
      ok(numberOf(order, 'http_server_request_duration_seconds_count', { ...placed, status: '202' })! > 0);
      // Each bucket names the trace that it has seen last: an old one may be remembered no more.
      const seen = samplesOf(order, 'http_server_request_duration_seconds', placed)
        .flatMap(({ exemplar }) => exemplar ?? [])
        .toSorted((one, other) => other.at - one.at);
      expectStatus(200, await stage.admin.call(`GET /ops/traces/${seen[0]?.labels['trace_id']}`));
      for (const family of [...gateway.values(), ...order.values()])
        for (const { labels } of family.samples) ok(!JSON.stringify(labels).includes(id), family.name);
      const handled = { outcome: 'handled' };
      for (const service of ['payment', 'inventory', 'shipping']) {
        const labels = { ...handled, consumer: `${service}.checkout` };
        ok(numberOf(await of(service), 'messaging_process_duration_seconds_count', labels)! > 0, service);
        ok(numberOf(await of(service), 'messages_handled_total', { consumer: labels.consumer })! > 0, service);
      }
      const shipping = await of('shipping');
      ok(numberOf(shipping, 'job_duration_seconds_count', { ...handled, queue: 'book-carrier' })! > 0);
      const answered = { client: 'carrier', outcome: 'answered' };
      ok(numberOf(shipping, 'http_client_call_duration_seconds_count', answered)! > 0);
      ok(numberOf(order, 'projection_lag', { projection: 'order.orders' }) !== undefined, [...order.keys()].join(' '));
    },

  'a consumer that fails and the key that it parks show, and so does a breaker that opens': async (stage) => {
    const { admin, alice, cup, shop } = stage;
    const urls = await metricsUrls(stage);
    const url = urls.get('inventory')!;
    const consumer = { consumer: 'inventory.products' };
    const failures = async () =>
      numberOf(await scrape(url), 'messaging_process_duration_seconds_count', { ...consumer, outcome: 'failed' }) ?? 0;
    const before = await failures();
    const key = randomUUID();
    await publishNonsense(shop, key);
    const letters = async () =>
      (await admin.all<{ id: string; key: string }>('/ops/dead-letters')).filter((letter) => letter.key === key);
    await eventually('both consumers have refused it', async () => (await letters()).length === 2);
    ok((await failures()) > before);
    const parked = async () => numberOf(await scrape(url), 'parked_keys', consumer);
    strictEqual(await parked(), 1);
    for (const letter of await letters()) expectStatus(202, await admin.call(`DELETE /ops/dead-letters/${letter.id}`));
    await eventually('no key is parked', async () => (await parked()) === 0);

    const isIn = async (state: string) =>
      numberOf(await scrape(urls.get('shipping')!), 'circuit_breaker_state', { breaker: 'carrier', state });
    await eventually('the breaker is closed', async () => (await isIn('closed')) === 1);
    await setCarrier(stage, 'errors');
    const orders = await Promise.all(Array.from({ length: 8 }, () => alice.order({ productId: cup.id })));
    await found('the breaker is open', async () => (await isIn('open')) || undefined);
    strictEqual(await isIn('closed'), 0);
    await setCarrier(stage, 'none');
    for (const { id } of orders) strictEqual((await alice.settled(id)).status, 'confirmed');
  },
};
