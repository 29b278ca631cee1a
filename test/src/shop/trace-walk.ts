import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import type { Page } from '@ashlar/cli';
import type { Customer } from './member.ts';
import type { Shop } from './shop.ts';
import { eventually, found } from './waiting.ts';

interface OtlpAttribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string };
}

interface OtlpSpan {
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly attributes: readonly OtlpAttribute[];
  readonly status: { readonly code: number };
}

interface ResourceSpans {
  readonly resource: { readonly attributes: readonly OtlpAttribute[] };
  readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
}

export interface TraceView {
  readonly traceId: string;
  readonly name: string;
  readonly startedAt: string;
  readonly failed: boolean;
}

/** A span of a trace, with the service that made it. */
export type WalkedSpan = OtlpSpan & { readonly service: string };

const SPAN_KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];

const textOf = (attributes: readonly OtlpAttribute[], key: string): string | undefined =>
  attributes.find((one) => one.key === key)?.value.stringValue;

/** What kind of hop it is; a round trip to a database is one of its own. */
const hopOf = ({ attributes, kind }: WalkedSpan): string =>
  textOf(attributes, 'db.system.name') ? 'database' : SPAN_KINDS[kind]!;

const orphansIn = (spans: readonly WalkedSpan[]): readonly WalkedSpan[] => {
  const known = new Set(spans.map(({ spanId }) => spanId));
  return spans.filter(({ parentSpanId }) => parentSpanId !== undefined && !known.has(parentSpanId));
};

/** The spans of a trace, as all replicas remember them. */
export async function traceOf(shop: Shop, traceId: string): Promise<readonly WalkedSpan[]> {
  const admin = await shop.admin();
  const { resourceSpans } = await admin.get<{ resourceSpans: readonly ResourceSpans[] }>(`/ops/traces/${traceId}`);
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = textOf(resource.attributes, 'service.name') ?? '';
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => ({ ...span, service })));
  });
}

interface Purchase {
  readonly customer: Customer;
  readonly productId: string;
}

/** The trace of a checkout that is confirmed: nothing is missing, and it has one root, the gateway's. */
export async function checkoutTrace(
  shop: Shop,
  { customer, productId }: Purchase,
  meanwhile: (traceId: string) => Promise<void> = async () => {},
): Promise<readonly WalkedSpan[]> {
  let orderId = '';
  const traceId = await traceOfOrder(shop, async () => {
    orderId = (await customer.order({ productId })).id;
  });
  await meanwhile(traceId);
  strictEqual((await customer.settled(orderId)).status, 'confirmed');
  const spans = await wholeTrace(shop, traceId, missingInCheckout);
  deepStrictEqual(
    spans.flatMap(({ parentSpanId, service, name }) => (parentSpanId === undefined ? [`${service} ${name}`] : [])),
    ['gateway POST /v1/orders'],
  );
  strictEqual(new Set(spans.map(({ spanId }) => spanId)).size, spans.length);
  return spans;
}

/** The trace of an order that is placed meanwhile. */
async function traceOfOrder(shop: Shop, place: () => Promise<void>): Promise<string> {
  const admin = await shop.admin();
  const ofOrders = async () => {
    const { items } = await admin.get<Page<TraceView>>('/ops/traces?limit=100');
    return items.filter(({ name }) => name === 'POST /v1/orders').map(({ traceId }) => traceId);
  };
  const before = new Set(await ofOrders());
  await place();
  return found('the order has a trace', async () => (await ofOrders()).find((traceId) => !before.has(traceId)));
}

/**
 * A span is told when it ends, and so after those that it has led to: waits until nothing is missing, and says what
 * is missing for ever.
 */
async function wholeTrace(
  shop: Shop,
  traceId: string,
  missingIn: (spans: readonly WalkedSpan[]) => readonly string[],
): Promise<readonly WalkedSpan[]> {
  let spans: readonly WalkedSpan[] = [];
  const missing = () => [...orphansIn(spans).map(({ name }) => `the parent of ${name}`), ...missingIn(spans)];
  const look = async () => {
    spans = await traceOf(shop, traceId);
    return missing().length === 0;
  };
  await eventually(`trace ${traceId} is whole`, look).catch((error: unknown) => {
    throw new Error(`The trace lacks ${missing().join(', ')}.`, { cause: error });
  });
  return spans;
}

/** What every checkout goes through, and this one has not. */
function missingInCheckout(spans: readonly WalkedSpan[]): string[] {
  const hops = new Set(spans.map((span) => `${span.service} ${hopOf(span)}`));
  const names = new Set(spans.map(({ name }) => name));
  const wanted = SERVICES.flatMap((service) => HOPS.map((hop) => `${service} ${hop}`));
  return [...wanted.filter((hop) => !hops.has(hop)), ...NAMES.filter((name) => !names.has(name))];
}

const SERVICES = ['inventory', 'order', 'payment', 'shipping'];
const HOPS = ['client', 'consumer', 'database', 'producer'];
/** The job of a checkout, its call to the outside, and what comes last: shipping hears that the order is confirmed. */
const NAMES = ['job book-carrier', 'POST carrier', 'shipping.checkout order.OrderStatusChanged.v1'];
