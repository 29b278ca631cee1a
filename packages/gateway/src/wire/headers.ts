import type { AnswerHead } from './head-reader.ts';
import { HeaderList } from './header-list.ts';

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
  'content-encoding',
  'expect',
  'authorization',
  'x-api-key',
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
  'client-ip',
  'fastly-client-ip',
  'front-end-https',
  // Programs take it for the proxy of their own requests, where headers become variables (httpoxy).
  'proxy',
  'cf-connecting-ip',
  'cf-access-jwt-assertion',
  'cf-access-authenticated-user-email',
  'remote-user',
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
  'x-middleware',
  'x-host',
  'x-http-host',
  'x-scheme',
  'x-url-scheme',
  'x-cluster-client',
  'x-proxyuser',
  // By these, gateways and platforms tell services who calls, and what the caller may do.
  'x-admin',
  'x-role',
  'x-scope',
  'x-group',
  'x-permission',
  'x-remote',
  'x-consumer',
  'x-credential',
  'x-jwt',
  'x-subject',
  'x-principal',
  'x-identity',
  'x-webauth',
  'x-ssl-client',
  'x-goog-authenticated',
  'x-goog-iap',
  'x-amzn-oidc',
  'x-ms-client-principal',
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

/** The client's headers that a service gets to see, as lines of a head. */
export function inwardHeaders(headers: HeaderList): string {
  const named = namedByConnection(headers.get('connection'));
  const { flat } = headers;
  let text = '';
  for (let at = 0; at < flat.length; at += 2) {
    const name = flat[at]!;
    if (passesInward(name) && !named?.has(name)) text += `${name}: ${flat[at + 1]}\r\n`;
  }
  return text;
}

/**
 * The service's headers that a client gets to see. An address of ours becomes a path; and what has no content by its
 * status has no length either (RFC 9110, section 8.6): a client could wait for it, or take the next answer for it.
 */
export function outwardHeaders({ status, headers }: Omit<AnswerHead, 'minor' | 'end'>, origin: string): HeaderList {
  const named = namedByConnection(headers.get('connection'));
  const { flat } = headers;
  const kept = new HeaderList();
  for (let at = 0; at < flat.length; at += 2) {
    const name = flat[at]!;
    if (NOT_FROM_SERVICES.has(name) || named?.has(name)) continue;
    kept.append(name, PLACES.has(name) ? withoutOrigin(flat[at + 1]!, origin) : flat[at + 1]!);
  }
  if (status < 200 || status === 204) kept.delete('content-length');
  return kept;
}

const PLACES: ReadonlySet<string> = new Set(['location', 'content-location']);

function withoutOrigin(place: string, origin: string): string {
  const ours = [origin, origin.slice(origin.indexOf('//'))].find((start) => place.startsWith(start));
  const rest = ours === undefined ? undefined : place.slice(ours.length);
  if (rest === undefined || !/^(?:[/?#]|$)/.test(rest)) return place;
  // Without the origin, two slashes would begin another one.
  return `/${rest.replace(/^[/\\]+/, '')}`;
}

function namedByConnection(connection: string | undefined): Set<string> | undefined {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return undefined;
  return new Set(connection.split(',').map((token) => token.trim().toLowerCase()));
}

const CREDENTIALS = ['authorization', 'x-api-key'];

/** What a client names for its connection only is as good as absent; its credentials go on all the same. */
export function withoutNamed(headers: HeaderList): HeaderList {
  const named = namedByConnection(headers.get('connection'));
  if (!named) return headers;
  const kept = new HeaderList();
  for (let at = 0; at < headers.flat.length; at += 2) {
    const [name, value] = [headers.flat[at]!, headers.flat[at + 1]!];
    if (!named.has(name) || CREDENTIALS.includes(name)) kept.append(name, value);
  }
  return kept;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

export const isToken = (name: string): boolean => TOKEN.test(name);

/** What tells how an answer is framed, and which one it is, is not for a table to say. */
const TOLD_TO_CLIENTS = new Set([...HOP_BY_HOP, 'content-length', 'x-request-id']);
/** Nor is, of a request, where it comes from and goes to, and whose trace it belongs to. */
const TOLD_TO_SERVICES = new Set([
  ...TOLD_TO_CLIENTS,
  'host',
  'content-type',
  'content-encoding',
  'expect',
  'traceparent',
  'tracestate',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
]);

/** Whether a route may set a header of this name, of its requests or of its answers. */
export const isSettable = (name: string, of: 'request' | 'response'): boolean =>
  !(of === 'request' ? TOLD_TO_SERVICES : TOLD_TO_CLIENTS).has(name.toLowerCase());

/** What a route sets of that which no client may tell, as lines of a head. */
export const setHeaders = (set: Readonly<Record<string, string>>): string =>
  Object.entries(set)
    .filter(([name]) => !passesInward(name.toLowerCase()))
    .map(([name, value]) => `${name.toLowerCase()}: ${value}\r\n`)
    .join('');

const SANE_REQUEST_ID = /^[A-Za-z0-9._:-]{8,128}$/;

/** A request id of the client's that can be written into logs as it is. */
export const saneRequestId = (given: string | undefined): string | undefined =>
  given !== undefined && SANE_REQUEST_ID.test(given) ? given : undefined;
