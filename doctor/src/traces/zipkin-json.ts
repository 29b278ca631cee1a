import type { Attributes } from './attributes.ts';
import { isJson, type Json, kindOf, list, text } from './json-values.ts';
import { type Span, type SpanKind, told } from './span.ts';
import type { SpanReader } from './span-reader.ts';

/** Zipkin JSON of both versions: lists of spans, or of traces as lists, also within an object; or a span a line. */
export const zipkin: SpanReader = (sink, head) => {
  const isBare = /^\s*\{(?!\s*"\w+"\s*:\s*\[\s*[[{])/.test(head);
  return {
    wants: (path) => (path.length <= 4 && path.at(-1) === '[]') || (isBare && path.length === 1),
    opened: () => {},
    found: (_path, value) => {
      // A line of a log may name its trace as well.
      if (!isJson(value) || value['id'] === undefined || value['traceId'] === undefined) return;
      for (const side of isFirstVersion(value) ? sidesOf(value) : [value]) sink.add(zipkinSpan(side));
    },
  };
};

function zipkinSpan(span: Json): Span {
  const tags = isJson(span['tags']) ? span['tags'] : {};
  const remote = isJson(span['remoteEndpoint']) ? span['remoteEndpoint'] : {};
  const attributes: Attributes = new Map([
    ['peer.service', text(remote['serviceName'])],
    ['remote.address', text(remote['ipv4'] ?? remote['ipv6'])],
    ...Object.entries(tags).map(([key, value]) => [key, text(value)] as const),
  ]);
  const { isError, ...facts } = told(attributes, { name: text(span['name']), kind: kindOf(span['kind']) });
  return {
    traceId: text(span['traceId']),
    spanId: text(span['id']),
    parentId: text(span['parentId']),
    service: serviceOf(span['localEndpoint']),
    startUs: Number(span['timestamp'] ?? 0),
    durationUs: Number(span['duration'] ?? 0),
    isError: isError ?? attributes.has('error'),
    ...facts,
    link: undefined,
  };
}

const serviceOf = (endpoint: unknown): string => (isJson(endpoint) ? text(endpoint['serviceName']) : '');

/** Version 1 tells by annotations who did what: client and server send and receive; messages are sent and received. */
const SIDES: Readonly<Record<string, SpanKind>> = {
  cs: 'client',
  cr: 'client',
  sr: 'server',
  ss: 'server',
  ms: 'producer',
  mr: 'consumer',
};

const isFirstVersion = (span: Json): boolean =>
  span['kind'] === undefined &&
  (span['binaryAnnotations'] !== undefined ||
    list(span['annotations']).some(({ value }) => Object.hasOwn(SIDES, text(value))));

/** The spans of version 2 that a span of version 1 is: one for each service that tells of it. */
function sidesOf(span: Json): Json[] {
  const own = span['localEndpoint'];
  const endpointOf = (annotation: Json): unknown => annotation['endpoint'] ?? own;
  const kinds = new Map<SpanKind, { readonly endpoint: unknown; readonly at: number; until: number }>();
  for (const annotation of list(span['annotations'])) {
    const kind = SIDES[text(annotation['value'])];
    const at = Number(annotation['timestamp'] ?? 0);
    const known = kind && kinds.get(kind);
    if (known) known.until = at;
    else if (kind) kinds.set(kind, { endpoint: endpointOf(annotation), at, until: at });
  }
  const tagged = list(span['binaryAnnotations']);
  const address = tagged.find(({ key }) => /^[scm]a$/.test(text(key)));
  const others = tagged.filter(({ key }) => !/^([scm]a|lc)$/.test(text(key)));
  const side = (endpoint: unknown, more: Json): Json => ({
    ...span,
    localEndpoint: endpoint,
    tags: Object.fromEntries(
      others
        .filter((one) => one['endpoint'] === undefined || serviceOf(one['endpoint']) === serviceOf(endpoint))
        .map(({ key, value }) => [text(key), value]),
    ),
    ...more,
  });
  if (kinds.size === 0) return [side(own ?? tagged.map(endpointOf).find(serviceOf), {})];
  return [...kinds].map(([kind, { endpoint, at, until }]) =>
    side(endpoint, {
      kind,
      ...(kinds.size > 1 && { timestamp: at, duration: until - at }),
      ...(kind !== 'server' && address && { remoteEndpoint: address['endpoint'] }),
    }),
  );
}
