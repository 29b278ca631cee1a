import { type Answer, type Exchange, notFound, Refusal } from '@ashlar/gateway';
import { type OtlpResourceSpans, type SpanRecorder, type TracePart, toOtlp } from '@ashlar/telemetry';
import type { Services } from './services.ts';

const GATEWAY = 'gateway';
const PAGE = 20;
const MOST = 100;
/** The newest traces of one replica are not those of another: each tells more than the page holds. */
const OF_EACH = 4;

interface Part extends TracePart {
  readonly service: string;
}

/** Recent traces of the whole system, the newest first, each with who took part in it. */
export async function listTraces(services: Services, own: SpanRecorder, exchange: Exchange): Promise<Answer> {
  const limit = limitIn(exchange);
  const path = `/ops/traces?limit=${limit * OF_EACH}`;
  const { told, away } = await askEveryReplica<{ items: readonly TracePart[] }>(services, exchange, path);
  const parts: Part[] = [
    ...own.recent(limit * OF_EACH).map((part) => ({ ...part, service: GATEWAY })),
    ...told.flatMap(({ service, body }) => body.items.map((part) => ({ ...part, service }))),
  ];
  const items = [...Map.groupBy(parts, ({ traceId }) => traceId).values()]
    .map(wholeOf)
    .sort((one, other) => (one.startedAt < other.startedAt ? 1 : -1))
    .slice(0, limit);
  return { status: 200, body: { items, nextCursor: null, ...(away.length > 0 && { unavailable: away }) } };
}

/** One trace in OTLP JSON, as every replica remembers its part of it; whose part is missing is named. */
export async function readTrace(services: Services, own: SpanRecorder, exchange: Exchange): Promise<Answer> {
  const { traceId = '' } = exchange.parameters;
  if (!/^[0-9a-f]{32}$/.test(traceId)) throw notFound();
  const path = `/ops/traces/${traceId}`;
  const { told, away } = await askEveryReplica<{ resourceSpans: OtlpResourceSpans[] }>(services, exchange, path);
  const spans = own.spansOf(traceId);
  const resourceSpans = [
    ...(spans.length > 0 ? [toOtlp({ 'service.name': GATEWAY }, spans)] : []),
    ...told.flatMap(({ body }) => body.resourceSpans),
  ];
  if (resourceSpans.length === 0) throw notFound();
  return { status: 200, body: { traceId, resourceSpans, ...(away.length > 0 && { unavailable: away }) } };
}

function limitIn({ query }: Exchange): number {
  const limit = Number(query.get('limit') ?? PAGE);
  if (Number.isInteger(limit) && limit >= 1 && limit <= MOST) return limit;
  throw new Refusal(400, 'invalid_request', {
    detail: 'The request is not valid.',
    errors: [{ path: '?limit', message: `must be a whole number from 1 to ${MOST}` }],
  });
}

function wholeOf(parts: readonly Part[]) {
  const first = parts.reduce((one, other) => (other.startedAtMs < one.startedAtMs ? other : one));
  const { traceId, name } = parts.find(({ isRoot }) => isRoot) ?? first;
  return {
    traceId,
    name,
    startedAt: new Date(first.startedAtMs).toISOString(),
    durationMs: Math.max(...parts.map(({ endedAtMs }) => endedAtMs)) - first.startedAtMs,
    spans: parts.reduce((sum, { spans }) => sum + spans, 0),
    services: [...new Set(parts.map(({ service }) => service))].sort(),
    failed: parts.some(({ failed }) => failed),
  };
}

/** Each replica has its own memory: all are asked that have an address. */
async function askEveryReplica<Body>(services: Services, exchange: Exchange, path: string) {
  const replicas = services
    .running()
    .flatMap((one) => one.replicas.map(({ url, replica }) => ({ service: one.service, url, replica })))
    .filter(({ url }) => url !== '');
  const answers = await Promise.all(
    replicas.map(async (one) => ({
      ...one,
      answer: await services.askReplica(one.url, { method: 'GET', path, exchange }),
    })),
  );
  return {
    told: answers.flatMap(({ service, answer }) =>
      answer?.status === 200 ? [{ service, body: answer.body as Body }] : [],
    ),
    away: answers.filter(({ answer }) => !answer || answer.status >= 500).map(({ replica }) => replica),
  };
}
