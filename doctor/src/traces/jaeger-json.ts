import type { Attributes } from './attributes.ts';
import { isJson, type Json, kindOf, list, text } from './json-values.ts';
import { type Span, told } from './span.ts';
import type { SpanReader } from './span-reader.ts';

/**
 * Jaeger JSON: what its API and its page give, where the services are told after the spans, in `processes`; and the
 * documents that it stores, which are spans by themselves.
 */
export const jaeger: SpanReader = (sink, head) => {
  const isBare = !/"(spans|_source|data)"\s*:/.test(head);
  let processes: Json = {};
  const nameIn = (known: Json) => (id: string) => {
    const process = known[id.slice(1)];
    return id.startsWith('\0') && isJson(process) ? text(process['serviceName']) : undefined;
  };
  return {
    wants: (path) =>
      path.at(-2) === 'spans' ||
      path.at(-1) === 'processes' ||
      path.at(-1) === '_source' ||
      (isBare && (path.length === 1 || path.at(-1) === '[]')),
    opened: (path) => {
      if (path.length > 3) return;
      processes = {};
      sink.begin();
    },
    found: (path, value) => {
      if (!isJson(value)) return;
      if (path.at(-1) !== 'processes') {
        if (isSpan(value)) sink.add(jaegerSpan(value, processes));
        return;
      }
      processes = value;
      sink.name(nameIn(value));
    },
  };
};

const isSpan = (value: Json): boolean => value['traceID'] !== undefined && value['spanID'] !== undefined;

/** Where tags are stored as fields, `http@method` is `http.method`. */
function tagsOf(span: Json): Attributes {
  const fields = isJson(span['tag']) ? Object.entries(span['tag']) : [];
  return new Map([
    ...fields.map(([key, value]) => [key.replaceAll('@', '.'), value as string] as const),
    ...list(span['tags']).map(({ key, value }) => [text(key), value as string] as const),
  ]);
}

/** Some tell an id of 64 bits without its zeros, and the last 64 bits of one of 128. */
const isSameTrace = (one: unknown, other: unknown): boolean => lastHalf(one) === lastHalf(other);
const lastHalf = (id: unknown): string => text(id).padStart(16, '0').slice(-16);

function jaegerSpan(span: Json, processes: Json): Span {
  const tags = tagsOf(span);
  const id = text(span['processID']);
  const process = isJson(span['process']) ? span['process'] : processes[id];
  const references = list(span['references']);
  // A link to a span of another trace is told as a reference as well, and is no parent.
  const own = references.filter(({ traceID }) => traceID === undefined || isSameTrace(traceID, span['traceID']));
  const parent = own.find(({ refType }) => refType === 'CHILD_OF') ?? own[0];
  const follows = references.find((reference) => reference !== parent);
  const kind = kindOf(tags.get('span.kind'));
  // Nobody waits for what only follows: it is told of, as a consumer is.
  const isTold = kind === 'internal' && parent?.['refType'] === 'FOLLOWS_FROM';
  const { isError, ...facts } = told(tags, {
    name: text(span['operationName']),
    kind: isTold ? 'consumer' : kind,
  });
  return {
    traceId: text(span['traceID']),
    spanId: text(span['spanID']),
    parentId: text(parent?.['spanID'] ?? span['parentSpanID']),
    service: isJson(process) ? text(process['serviceName']) : `\0${id}`,
    startUs: Number(span['startTime'] ?? 0),
    durationUs: Number(span['duration'] ?? 0),
    isError: isError ?? tags.get('otel.status_code') === 'ERROR',
    ...facts,
    link: follows && { traceId: text(follows['traceID']), spanId: text(follows['spanID']) },
  };
}
