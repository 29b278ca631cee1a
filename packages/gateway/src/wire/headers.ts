import type { IncomingHttpHeaders } from 'node:http';

type HeaderValues = Readonly<Record<string, string | string[] | undefined>>;

const HOP_BY_HOP = [
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-authentication-info',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/** What clients may not tell services: who they are, where they come from, and anything that we set ourselves. */
const NOT_FROM_CLIENTS = new Set([
  ...HOP_BY_HOP,
  'host',
  'content-length',
  'content-type',
  'expect',
  'authorization',
  'forwarded',
  'via',
  'baggage',
  'traceparent',
  'tracestate',
  'x-request-id',
  'x-real-ip',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-correlation-id',
  'x-causation-id',
  'true-client-ip',
  'cf-connecting-ip',
]);

const INTERNAL_PREFIXES = [
  'x-forwarded',
  'x-user',
  'x-auth',
  'x-client',
  'x-internal',
  'x-original',
  'x-rewrite',
  'x-ashlar',
  'x-envoy',
];

const NOT_FROM_SERVICES = new Set([
  ...HOP_BY_HOP,
  'server',
  'x-powered-by',
  'via',
  'alt-svc',
  'traceparent',
  'tracestate',
  'x-request-id',
  'ratelimit',
  'ratelimit-policy',
]);

// Headers with an underscore are dropped too: some readers take it for a hyphen.
const isInternal = (name: string): boolean =>
  name.includes('_') || (name.startsWith('x-') && INTERNAL_PREFIXES.some((prefix) => name.startsWith(prefix)));

const passesInward = remembered((name) => !NOT_FROM_CLIENTS.has(name) && !isInternal(name));

/** Names repeat: what was decided for one is kept, for as many names as honest clients have. */
function remembered(decide: (name: string) => boolean): (name: string) => boolean {
  const decided = new Map<string, boolean>();
  return (name) => {
    const known = decided.get(name);
    if (known !== undefined) return known;
    const decision = decide(name);
    if (decided.size < 500) decided.set(name, decision);
    return decision;
  };
}

/** The client's headers that a service gets to see, as a flat list of names and values. */
export function inwardHeaders(headers: IncomingHttpHeaders): string[] {
  const named = namedByConnection(headers.connection);
  const flat: string[] = [];
  for (const name in headers) {
    const value = headers[name];
    if (typeof value !== 'string' || !passesInward(name) || named?.includes(name)) continue;
    flat.push(name, value);
  }
  return flat;
}

/** The service's headers that a client gets to see. An address of ours becomes a path. */
export function outwardHeaders(headers: HeaderValues, origin: string): string[] {
  const named = namedByConnection(headers['connection']);
  const flat: string[] = [];
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined || NOT_FROM_SERVICES.has(name) || named?.includes(name)) continue;
    if (typeof value === 'string') flat.push(name, name === 'location' ? withoutOrigin(value, origin) : value);
    else for (const one of value) flat.push(name, one);
  }
  return flat;
}

const withoutOrigin = (location: string, origin: string): string =>
  location.startsWith(`${origin}/`) ? location.slice(origin.length) : location;

function namedByConnection(connection: string | string[] | undefined): string[] | undefined {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return undefined;
  return String(connection)
    .split(',')
    .map((token) => token.trim().toLowerCase());
}

const SANE_REQUEST_ID = /^[A-Za-z0-9._:-]{8,128}$/;

/** A request id of the client's that can be written into logs as it is. */
export const saneRequestId = (given: string | string[] | undefined): string | undefined =>
  typeof given === 'string' && SANE_REQUEST_ID.test(given) ? given : undefined;
