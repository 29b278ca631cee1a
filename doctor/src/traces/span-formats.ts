import type { ScanHandler } from './json-scanner.ts';
import { type Attributes, type Span, type SpanKind, told } from './span.ts';

export type Format = 'otlp' | 'jaeger' | 'zipkin';

/** By the words that the first piece of a file contains. */
export function formatOf(text: string): Format | undefined {
  if (/"(resourceSpans|resource_spans)"/.test(text)) return 'otlp';
  if (/"(operationName|processID|processes)"/.test(text)) return 'jaeger';
  return /"(traceId|localEndpoint)"/.test(text) ? 'zipkin' : undefined;
}

/** Takes spans; those of which the service is told only later are named by `name` for all since `begin`. */
export interface SpanSink {
  begin(): void;
  add(span: Span): void;
  name(services: (provisional: string) => string | undefined): void;
}

type Json = Readonly<Record<string, unknown>>;

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null;
const text = (value: unknown): string => (value === undefined || value === null ? '' : String(value));
const list = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.filter(isJson) : []);

/** OTLP JSON: a request, a list of them, or one a line as the collector writes them. */
function otlp(sink: SpanSink): ScanHandler {
  let service = '';
  return {
    wants: (path) => path.at(-2) === 'spans' || (path.at(-1) === 'resource' && path.at(-2) === '[]'),
    opened: (path) => {
      if (path.at(-1) !== '[]' || !/^resource_?spans$/i.test(path.at(-2) ?? '')) return;
      service = '';
      sink.begin();
    },
    found: (path, value) => {
      if (!isJson(value)) return;
      if (path.at(-1) === '[]') return sink.add(otlpSpan(value, service));
      service = text(otlpAttributes(value['attributes']).get('service.name'));
      const name = service;
      sink.name((provisional) => (provisional === '' ? name : undefined));
    },
  };
}

const OTLP_KINDS: readonly SpanKind[] = ['internal', 'internal', 'server', 'client', 'producer', 'consumer'];

function kindOf(value: unknown): SpanKind {
  if (typeof value === 'number') return OTLP_KINDS[value] ?? 'internal';
  const name = text(value).replace('SPAN_KIND_', '').toLowerCase();
  return (['server', 'client', 'producer', 'consumer'] as const).find((kind) => kind === name) ?? 'internal';
}

function otlpSpan(span: Json, service: string): Span {
  const [start, end] = [span['startTimeUnixNano'], span['endTimeUnixNano']].map((nano) => Number(nano) / 1_000);
  const { isError, ...facts } = told(otlpAttributes(span['attributes']));
  const status = isJson(span['status']) ? span['status']['code'] : undefined;
  const [link] = list(span['links']);
  return {
    traceId: hex(span['traceId']),
    spanId: hex(span['spanId']),
    parentId: hex(span['parentSpanId']),
    service,
    name: text(span['name']),
    kind: kindOf(span['kind']),
    startUs: start ?? 0,
    durationUs: (end ?? 0) - (start ?? 0),
    isError: isError ?? (status === 2 || status === 'STATUS_CODE_ERROR'),
    ...facts,
    link: link && { traceId: hex(link['traceId']), spanId: hex(link['spanId']) },
  };
}

/** Ids are hexadecimal in OTLP JSON; what was written by a plain protobuf mapping is base64. */
function hex(value: unknown): string {
  const id = text(value);
  return /^[0-9a-f]*$/i.test(id) ? id.toLowerCase() : Buffer.from(id, 'base64').toString('hex');
}

function otlpAttributes(given: unknown): Attributes {
  return new Map(
    list(given).map(({ key, value }) => {
      const held = isJson(value) ? Object.values(value)[0] : value;
      return [text(key), typeof held === 'boolean' ? held : text(held)];
    }),
  );
}

/** Jaeger JSON: what its API and its page give; the services are told after the spans, in `processes`. */
function jaeger(sink: SpanSink): ScanHandler {
  let processes: Json = {};
  const nameIn = (known: Json) => (id: string) => {
    const process = known[id.slice(1)];
    return id.startsWith('\0') && isJson(process) ? text(process['serviceName']) : undefined;
  };
  return {
    wants: (path) => path.at(-2) === 'spans' || path.at(-1) === 'processes',
    opened: (path) => {
      if (path.length > 3) return;
      processes = {};
      sink.begin();
    },
    found: (path, value) => {
      if (!isJson(value)) return;
      if (path.at(-1) !== 'processes') return sink.add(jaegerSpan(value, processes));
      processes = value;
      sink.name(nameIn(value));
    },
  };
}

function jaegerSpan(span: Json, processes: Json): Span {
  const attributes: Attributes = new Map(list(span['tags']).map(({ key, value }) => [text(key), value as string]));
  const { isError, ...facts } = told(attributes);
  const id = text(span['processID']);
  const process = isJson(span['process']) ? span['process'] : processes[id];
  const references = list(span['references']);
  const parent = references.find(({ refType }) => refType === 'CHILD_OF') ?? references[0];
  const follows = references.find((reference) => reference !== parent);
  return {
    traceId: padded(span['traceID'], 32),
    spanId: padded(span['spanID'], 16),
    parentId: padded(parent?.['spanID'] ?? span['parentSpanID'], 16),
    service: isJson(process) ? text(process['serviceName']) : `\0${id}`,
    name: text(span['operationName']),
    kind: kindOf(attributes.get('span.kind')),
    startUs: Number(span['startTime'] ?? 0),
    durationUs: Number(span['duration'] ?? 0),
    isError: isError ?? attributes.get('otel.status_code') === 'ERROR',
    ...facts,
    link: follows && { traceId: padded(follows['traceID'], 32), spanId: padded(follows['spanID'], 16) },
  };
}

const padded = (value: unknown, length: number): string => {
  const id = text(value).toLowerCase();
  return id === '' ? '' : id.padStart(length, '0');
};

/** Zipkin JSON, version 2: a list of spans, or a list of traces that are lists. */
function zipkin(sink: SpanSink): ScanHandler {
  return {
    wants: (path) => path.length <= 3 && path.at(-1) === '[]',
    opened: () => {},
    found: (_path, value) => {
      if (isJson(value)) sink.add(zipkinSpan(value));
    },
  };
}

function zipkinSpan(span: Json): Span {
  const tags = isJson(span['tags']) ? span['tags'] : {};
  const attributes: Attributes = new Map(Object.entries(tags).map(([key, value]) => [key, text(value)]));
  const [own, remote] = [span['localEndpoint'], span['remoteEndpoint']];
  const { isError, ...facts } = told(attributes);
  return {
    traceId: padded(span['traceId'], 32),
    spanId: padded(span['id'], 16),
    parentId: padded(span['parentId'], 16),
    service: isJson(own) ? text(own['serviceName']) : '',
    name: text(span['name']),
    kind: kindOf(span['kind']),
    startUs: Number(span['timestamp'] ?? 0),
    durationUs: Number(span['duration'] ?? 0),
    isError: isError ?? attributes.has('error'),
    ...facts,
    peer: facts.peer || (isJson(remote) ? text(remote['serviceName']) : ''),
    link: undefined,
  };
}

export const FORMATS: Readonly<Record<Format, (sink: SpanSink) => ScanHandler>> = { otlp, jaeger, zipkin };
