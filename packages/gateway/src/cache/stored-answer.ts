import type { HeaderList } from '../wire/header-list.ts';
import { type Directives, fieldsOf, isWhole, parseCacheControl, parseTargeted, secondsOf } from './directives.ts';
import { parseHttpDate } from './http-date.ts';

/** What came, and when it was asked for. */
export interface Received {
  readonly status: number;
  readonly headers: HeaderList;
  readonly requestedAtMs: number;
  readonly receivedAtMs: number;
}

export interface StoredAnswer extends Received {
  readonly body: Buffer;
  /** Until when it is fresh, on the clock of `receivedAtMs`. */
  readonly freshUntilMs: number;
  /** How old it was when it came (RFC 9111, section 4.2.3). */
  readonly initialAgeMs: number;
  readonly directives: Directives;
  /** The request headers that chose it, as `Vary` names them. */
  readonly variant: ReadonlyMap<string, string>;
  readonly tags: readonly string[];
  /** The lines of its fields as they go over the wire, once they have. */
  lines?: string;
  /** The same with what was said of the last hit. */
  told?: ToldHit;
}

interface ToldHit {
  readonly age: number;
  readonly ttl: number;
  readonly lines: string;
}

/** The lines of its fields, made once for all who ask. */
export function linesOf(stored: StoredAnswer): string {
  if (stored.lines !== undefined) return stored.lines;
  const kept = stored.headers.copy();
  kept.set('content-length', String(stored.body.length));
  stored.lines = kept.lines();
  return stored.lines;
}

/** The same with age and `Cache-Status` (RFC 9211) of a hit, made once for all who ask in the same second. */
export function linesOfHit(stored: StoredAnswer, nowMs: number): string {
  const age = ageOf(stored, nowMs);
  const ttl = ttlOf(stored, nowMs);
  const { told } = stored;
  if (told?.age === age && told.ttl === ttl) return told.lines;
  const lines = `${linesOf(stored)}age: ${age}\r\ncache-status: ${statusOfHit(ttl)}\r\n`;
  stored.told = { age, ttl, lines };
  return lines;
}

export const ageOf = (stored: StoredAnswer, nowMs: number): number => Math.floor(ageMs(stored, nowMs) / 1_000);

/** For how many seconds it is fresh. */
export const ttlOf = ({ freshUntilMs }: StoredAnswer, nowMs: number): number =>
  Math.floor((freshUntilMs - nowMs) / 1_000);

export const statusOfHit = (ttl: number, detail = ''): string => `ashlar; hit; ttl=${ttl}${detail}`;

/** The request, as far as storing its answer depends on it. */
export interface Asked {
  readonly headers: HeaderList;
  readonly hasAuthorization: boolean;
}

const HEURISTIC: ReadonlySet<number> = new Set([200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501]);
/** Answers whose meaning a cache has to know before `must-understand` lets it store them. */
const UNDERSTOOD: ReadonlySet<number> = new Set([
  200, 203, 204, 300, 301, 302, 303, 307, 308, 400, 403, 404, 405, 410, 414, 500, 501, 502, 503, 504,
]);
const HEURISTIC_SHARE = 0.1;
const HEURISTIC_MOST_MS = 24 * 3_600_000;

/** The directives that count for a shared cache: the targeted ones before the others (RFC 9213, section 2.2). */
export function directivesOf(headers: HeaderList): { directives: Directives; isTargeted: boolean } {
  const targeted = parseTargeted(headers.get('cdn-cache-control'));
  if (targeted) return { directives: targeted, isTargeted: true };
  return { directives: parseCacheControl(headers.get('cache-control')), isTargeted: false };
}

/** Whether a shared cache may store the answer (RFC 9111, section 3), with all that it will need to know of it. */
export function storable(received: Received, asked: Asked): Omit<StoredAnswer, 'body' | 'tags'> | undefined {
  const { status, headers } = received;
  if (status < 200 || status === 206 || status === 304) return undefined;
  const { directives, isTargeted } = directivesOf(headers);
  const mustUnderstand = directives.has('must-understand') && UNDERSTOOD.has(status);
  if (directives.has('no-store') && !mustUnderstand) return undefined;
  if (directives.has('must-understand') && !mustUnderstand) return undefined;
  if (isWhole(directives, 'private')) return undefined;
  if (asked.hasAuthorization && !FOR_EVERYBODY.some((name) => directives.has(name))) return undefined;
  if (headers.has('set-cookie') && !isTargeted && !COOKIES_TOO.some((name) => directives.has(name))) return undefined;
  const variant = variantOf(headers, asked.headers);
  if (!variant) return undefined;
  const freshMs = lifetimeMs(received, directives, isTargeted);
  const validator = headers.has('etag') || headers.has('last-modified');
  if (freshMs === undefined && !(validator && HEURISTIC.has(status))) return undefined;
  if ((freshMs ?? 0) <= 0 && !validator && !directives.has('stale-if-error')) {
    if (!directives.has('stale-while-revalidate')) return undefined;
  }
  const initialAgeMs = initialAge(received);
  const kept = withoutQualified(headers, directives);
  if (!kept.has('date')) kept.set('date', new Date(received.receivedAtMs).toUTCString());
  kept.delete('age');
  const freshUntilMs = received.receivedAtMs + (freshMs ?? 0) - initialAgeMs;
  return { ...received, headers: kept, freshUntilMs, initialAgeMs, directives, variant };
}

const FOR_EVERYBODY = ['public', 's-maxage', 'must-revalidate'];
/** A lifetime alone may be meant for the client's own cache: whose cookie it is, only the service knows. */
const COOKIES_TOO = ['public', 's-maxage'];

/** RFC 9111, section 4.2.1; undefined when nothing tells a lifetime. */
function lifetimeMs(received: Received, directives: Directives, isTargeted: boolean): number | undefined {
  const told = secondsOf(directives, 's-maxage') ?? secondsOf(directives, 'max-age');
  if (told !== undefined) return told * 1_000;
  const { headers, status, receivedAtMs } = received;
  const dateMs = parseHttpDate(headers.get('date'), receivedAtMs) ?? receivedAtMs;
  if (headers.has('expires') && !isTargeted) {
    const expiresMs = headers.count('expires') > 1 ? undefined : parseHttpDate(headers.get('expires'), receivedAtMs);
    return expiresMs === undefined ? 0 : expiresMs - dateMs;
  }
  const modifiedMs = parseHttpDate(headers.get('last-modified'), receivedAtMs);
  const mayGuess = HEURISTIC.has(status) || directives.has('public');
  // What tells who somebody is, is not kept by a guess.
  if (modifiedMs === undefined || !mayGuess || headers.has('set-cookie')) return undefined;
  return Math.min(HEURISTIC_MOST_MS, Math.max(0, (dateMs - modifiedMs) * HEURISTIC_SHARE));
}

function initialAge({ headers, requestedAtMs, receivedAtMs }: Received): number {
  const dateMs = parseHttpDate(headers.get('date'), receivedAtMs) ?? receivedAtMs;
  const apparentMs = Math.max(0, receivedAtMs - dateMs);
  const told = /^\s*(\d{1,10})\s*(?:,|$)/.exec(headers.get('age') ?? '')?.[1];
  const correctedMs = Number(told ?? 0) * 1_000 + (receivedAtMs - requestedAtMs);
  // A date without fractions makes what came this second look old already.
  return Math.max(apparentMs < 1_000 ? 0 : apparentMs, correctedMs);
}

export const ageMs = ({ initialAgeMs, receivedAtMs }: StoredAnswer, nowMs: number): number =>
  initialAgeMs + Math.max(0, nowMs - receivedAtMs);

function withoutQualified(headers: HeaderList, directives: Directives): HeaderList {
  const kept = headers.copy();
  for (const name of [...fieldsOf(directives, 'no-cache'), ...fieldsOf(directives, 'private')]) kept.delete(name);
  return kept;
}

/** What the gateway tells services of each request: an answer that goes by it is one for this request only. */
const TOLD_BY_US: ReadonlySet<string> = new Set(['*', 'x-forwarded-for', 'x-request-id', 'traceparent', 'tracestate']);

/** What of the request chose the answer; undefined when that was everything (`Vary: *`), or is no other's. */
function variantOf(headers: HeaderList, asked: HeaderList): ReadonlyMap<string, string> | undefined {
  const variant = new Map<string, string>();
  for (const part of (headers.get('vary') ?? '').split(',')) {
    const name = part.trim().toLowerCase();
    if (TOLD_BY_US.has(name)) return undefined;
    if (name !== '') variant.set(name, normalised(name, asked.get(name)));
  }
  return variant;
}

export function fits({ variant }: StoredAnswer, asked: HeaderList): boolean {
  if (variant.size === 0) return true;
  for (const [name, value] of variant) if (normalised(name, asked.get(name)) !== value) return false;
  return true;
}

/** Lists are alike without their blanks; what is asked for by preference is alike in any order of equal weight. */
function normalised(name: string, value: string | undefined): string {
  if (value === undefined) return '\u0000';
  const parts = value.split(',').map((part) => part.trim());
  if (!name.startsWith('accept')) return parts.join(',');
  return parts
    .map((part) => part.toLowerCase().replaceAll(/\s+/g, ''))
    .sort()
    .join(',');
}

/** The stored answer with what a 304 or a HEAD has told anew (RFC 9111, section 3.2). */
export function freshened(stored: StoredAnswer, received: Received, asked: Asked): StoredAnswer | undefined {
  const headers = stored.headers.copy();
  const told = received.headers;
  for (const name of new Set(told.names())) {
    if (NOT_UPDATED.has(name)) continue;
    headers.delete(name);
    for (let at = 0; at < told.flat.length; at += 2)
      if (told.flat[at] === name) headers.append(name, told.flat[at + 1]!);
  }
  const base = storable({ ...received, status: stored.status, headers }, asked);
  return base && { ...base, body: stored.body, tags: stored.tags };
}

const NOT_UPDATED = new Set(['content-length', 'content-encoding', 'content-range', 'content-md5', 'etag']);
