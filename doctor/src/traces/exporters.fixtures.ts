import { groupBy } from '../source/group-by.ts';
import type { Span } from './span.ts';

type Json = Readonly<Record<string, unknown>>;

const KINDS = ['', 'internal', 'server', 'client', 'producer', 'consumer'];

const attributesOf = ({ database, destination, peer, isError }: Span): Readonly<Record<string, string | boolean>> => {
  const [, system, host, name] = /^(\w+):\/\/([^/]*)\/(.*)$/.exec(database) ?? [];
  return {
    ...(system && { 'db.system': system, 'net.peer.name': host!, 'db.name': name! }),
    ...(destination && { 'messaging.system': 'kafka', 'messaging.destination.name': destination }),
    ...(peer && { 'peer.service': peer }),
    ...(isError && { error: true }),
  };
};

const base64 = (id: string): string => Buffer.from(id, 'hex').toString('base64');

const keyValues = (tags: Readonly<Record<string, string | boolean>>) =>
  Object.entries(tags).map(([key, value]) => ({
    key,
    value: typeof value === 'boolean' ? { boolValue: value } : { stringValue: value },
  }));

interface OtlpForm {
  readonly ids?: (id: string) => string;
  readonly kind?: (kind: string) => string | number;
  readonly scopes?: string;
}

/** What each service says, as an SDK sends it. */
const resources = (spans: readonly Span[], form: OtlpForm = {}) => {
  const { ids = (id) => id, kind = (name) => KINDS.indexOf(name), scopes = 'scopeSpans' } = form;
  return [...groupBy(spans, ({ service }) => service)].map(([service, own]) => ({
    resource: { attributes: keyValues({ 'host.name': 'a', 'service.name': service }) },
    [scopes]: [
      {
        spans: own.map((span) => ({
          traceId: ids(span.traceId),
          spanId: ids(span.spanId),
          ...(span.parentId && { parentSpanId: ids(span.parentId) }),
          name: span.name,
          kind: kind(span.kind),
          startTimeUnixNano: `${span.startUs}000`,
          endTimeUnixNano: `${span.startUs + span.durationUs}000`,
          attributes: keyValues(attributesOf(span)),
        })),
      },
    ],
  }));
};

const PROTOBUF: OtlpForm = { ids: base64, kind: (name) => `SPAN_KIND_${name.toUpperCase()}` };

const snake = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(snake);
  if (typeof value !== 'object' || value === null) return value;
  const named = (key: string): string => key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [named(key), snake(inner)]));
};

const jaegerSpan = (span: Span): Json => ({
  traceID: span.traceId,
  spanID: span.spanId,
  operationName: span.name,
  references: span.parentId ? [{ refType: 'CHILD_OF', traceID: span.traceId, spanID: span.parentId }] : [],
  startTime: span.startUs,
  duration: span.durationUs,
});

const jaegerTags = (span: Span) => ({ ...attributesOf(span), 'span.kind': span.kind });

const withTags = (span: Span): Json => ({
  ...jaegerSpan(span),
  tags: Object.entries(jaegerTags(span)).map(([key, value]) => ({ key, type: typeof value, value })),
});

const jaegerTraces = (spans: readonly Span[]) =>
  [...groupBy(spans, ({ traceId }) => traceId)].map(([traceID, own]) => ({
    processes: Object.fromEntries(own.map(({ service }) => [service, { serviceName: service }])),
    spans: own.map((span) => ({ ...withTags(span), processID: span.service })),
    traceID,
  }));

const stored = (span: Span): Json => ({
  ...jaegerSpan(span),
  tag: Object.fromEntries(Object.entries(jaegerTags(span)).map(([key, value]) => [key.replaceAll('.', '@'), value])),
  process: { serviceName: span.service },
});

const zipkinSpan = (span: Span): Json => ({
  traceId: span.traceId,
  id: span.spanId,
  ...(span.parentId && { parentId: span.parentId }),
  name: span.name,
  timestamp: span.startUs,
  duration: span.durationUs,
});

const second = (span: Span): Json => ({
  ...zipkinSpan(span),
  kind: span.kind.toUpperCase(),
  localEndpoint: { serviceName: span.service },
  tags: Object.fromEntries(Object.entries(attributesOf(span)).map(([key, value]) => [key, String(value)])),
});

const MOMENTS: Readonly<Record<string, readonly string[]>> = {
  client: ['cs', 'cr'],
  server: ['sr', 'ss'],
  producer: ['ms', 'ws'],
  consumer: ['wr', 'mr'],
};

const first = (span: Span): Json => ({
  ...zipkinSpan(span),
  annotations: (MOMENTS[span.kind] ?? []).map((value, at) => ({
    value,
    timestamp: span.startUs + at * span.durationUs,
    endpoint: { serviceName: span.service },
  })),
  binaryAnnotations: Object.entries(attributesOf(span)).map(([key, value]) => ({
    key,
    value: String(value),
    endpoint: { serviceName: span.service },
  })),
});

const lines = (values: readonly unknown[]): string => values.map((value) => JSON.stringify(value)).join('\n');

/** The same spans as those who export, collect and store them write them down. */
export const EXPORTERS: Readonly<Record<string, (spans: readonly Span[]) => string>> = {
  OTLP: (spans) => JSON.stringify({ resourceSpans: resources(spans) }),
  'OTLP, a list of requests': (spans) => JSON.stringify(resources(spans).map((one) => ({ resourceSpans: [one] }))),
  'OTLP, a request a line': (spans) => lines(resources(spans).map((one) => ({ resourceSpans: [one] }))),
  'OTLP before version 1': (spans) =>
    JSON.stringify({ resourceSpans: resources(spans, { scopes: 'instrumentationLibrarySpans' }) }),
  'OTLP by the names of the protocol': (spans) => JSON.stringify(snake({ resourceSpans: resources(spans, PROTOBUF) })),
  Tempo: (spans) => JSON.stringify({ batches: resources(spans, PROTOBUF) }),
  'Tempo, version 2': (spans) => JSON.stringify({ trace: { resourceSpans: resources(spans, PROTOBUF) } }),
  'Jaeger, version 3': (spans) => JSON.stringify({ result: { resourceSpans: resources(spans) } }),
  Jaeger: (spans) => JSON.stringify({ data: jaegerTraces(spans) }),
  'Jaeger, a list of traces': (spans) => JSON.stringify(jaegerTraces(spans), null, 2),
  'Jaeger, a trace a line': (spans) => lines(jaegerTraces(spans)),
  'Jaeger, stored in Elasticsearch': (spans) =>
    JSON.stringify({ hits: { hits: spans.map((span) => ({ _source: stored(span) })) } }),
  'Jaeger, a stored span a line': (spans) => lines(spans.map(stored)),
  Zipkin: (spans) => JSON.stringify(spans.map(second)),
  'Zipkin, a span a line': (spans) => lines(spans.map(second)),
  'Zipkin, version 1': (spans) => JSON.stringify([spans.map(first)]),
};
