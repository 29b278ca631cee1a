import { CacheFill } from '../cache/cache-fill.ts';
import { isNotModified, notModifiedHeaders, rangeOf } from '../cache/conditions.ts';
import { type HttpCache, standsIn } from '../cache/http-cache.ts';
import { ageOf, linesOf, linesOfHit, type StoredAnswer, statusOfHit, ttlOf } from '../cache/stored-answer.ts';
import type { Exchange } from '../exchange.ts';
import { Refusal } from '../refusal.ts';
import { type CachePolicy, isLocal } from '../routing/route.ts';
import type { AnswerSink } from '../wire/answer-sink.ts';
import { HeaderList } from '../wire/header-list.ts';
import { withoutNamed } from '../wire/headers.ts';
import { Passing } from '../wire/passing.ts';
import { SMALL } from '../wire/write-together.ts';
import type { Middleware, Next, Waiting } from './middleware.ts';

interface Visit {
  readonly cache: HttpCache;
  readonly key: string;
  readonly policy: CachePolicy;
  readonly exchange: Exchange;
  readonly next: Next;
  /** The request as the service gets to see it: by that an answer is chosen and kept. */
  readonly asked: HeaderList;
  /** Where the answer goes, with all that changes it on the way: what is stored is what the service has told. */
  readonly sink: AnswerSink;
}

/**
 * Answers from the cache what it has, and keeps what it may. Requests for the same at the same time wait for the first
 * one. What refreshes a stored answer behind the client's back takes the same way on.
 */
export function cached(cache: HttpCache): Middleware {
  const underWay: UnderWay = new Map();
  return (exchange, next) => {
    const { route, method } = exchange;
    if (!route || isLocal(route) || !route.cache || exchange.tunnel) return next(exchange);
    const policy = route.cache === true ? {} : route.cache;
    if (policy.unless?.some((name) => exchange.request.headers.has(name))) return next(exchange);
    const { sink } = exchange;
    const visit = { cache, key: cache.keyOf(exchange), policy, exchange, next, asked: askedOf(exchange), sink };
    if (method === 'GET' || method === 'HEAD') return hasBody(exchange) ? next(exchange) : read(visit, underWay, true);
    if (!SAFE.has(method)) exchange.sink = new Invalidating(visit);
    return next(exchange);
  };
}

const SAFE: ReadonlySet<string> = new Set(['OPTIONS', 'TRACE', 'PROPFIND', 'SEARCH']);

/** What a body asks for is not told by the address: whoever sends one to a read must not choose what others get. */
const hasBody = ({ body, streamsBody }: Exchange): boolean => body !== undefined || streamsBody;

/** Whoever has shown an API key comes to the service with a token, as if it were the client's own. */
function askedOf({ request, forwardedHeaders, token }: Exchange): HeaderList {
  const asked = withoutNamed(forwardedHeaders ?? request.headers);
  if (token === undefined || asked.has('authorization')) return asked;
  const shown = asked.copy();
  shown.append('authorization', `Bearer ${token}`);
  return shown;
}

function read(visit: Visit, underWay: UnderWay, mayWait: boolean): Waiting {
  const { cache, key, exchange, policy, asked } = visit;
  const nowMs = cache.nowMs();
  const decision = cache.decide(key, { asked, honoursClients: policy.honoursRequests !== false, nowMs });
  switch (decision.kind) {
    case 'serve':
      return serve(visit, decision.stored, { nowMs, detail: decision.detail });
    case 'refresh':
      serve(visit, decision.stored, { nowMs, detail: '; detail=REVALIDATING' });
      return refresh(visit, decision.stored, underWay);
    case 'refuse':
      throw new Refusal(504, 'not_cached', { detail: 'There is nothing stored that could answer this.' });
    case 'validate':
    case 'fetch': {
      const first = mayWait && exchange.method === 'GET' ? underWay.get(key) : undefined;
      if (first) return first.then(() => read(visit, underWay, false));
      const stored = decision.kind === 'validate' ? decision.stored : undefined;
      const { reason } = decision;
      const isShared = cache.hasTier && exchange.method === 'GET' && reason !== 'request';
      const work = (release: () => void): Promise<void> => {
        const asking = { stored, reason, release };
        return isShared ? askAfterOthers(visit, asking) : ask(visit, asking);
      };
      return exchange.method === 'GET' ? whileUnderWay(underWay, key, work) : work(() => {});
    }
  }
}

interface Asking {
  readonly stored: StoredAnswer | undefined;
  readonly reason: string;
  readonly since?: number | undefined;
  /** Nobody has to wait for this answer any more. */
  readonly release: () => void;
}

/** Another gateway may have asked already. */
async function askAfterOthers(visit: Visit, asking: Asking): Promise<void> {
  const { cache, key, asked, policy } = visit;
  const since = await cache.fetchFromTier(key);
  const nowMs = cache.nowMs();
  const decision = cache.decide(key, { asked, honoursClients: policy.honoursRequests !== false, nowMs });
  if (decision.kind !== 'serve') return ask(visit, { ...asking, since });
  return serve(visit, decision.stored, { nowMs, detail: '; detail=SHARED' });
}

/** What is being asked for, by its key: until it is there, or is known to help nobody else. */
type UnderWay = Map<string, Promise<void>>;

async function whileUnderWay(
  underWay: UnderWay,
  key: string,
  work: (release: () => void) => Promise<void>,
): Promise<void> {
  const { promise: settled, resolve } = Promise.withResolvers<void>();
  const release = (): void => {
    if (underWay.get(key) === settled) underWay.delete(key);
    resolve();
  };
  underWay.set(key, settled);
  try {
    await work(release);
  } finally {
    release();
  }
}

/** Asks the service; what is stored is validated, and stands in for an answer that fails. */
async function ask(visit: Visit, { stored, reason, since, release }: Asking): Promise<void> {
  const { cache, policy, exchange, next } = visit;
  const mayStandIn =
    stored && standsIn(stored, { nowMs: cache.nowMs(), byDefaultSeconds: policy.staleIfErrorSeconds ?? 0 });
  const fill = new CacheFill({ ...visit, stored, mayStandIn: mayStandIn === true, reason, since, release });
  exchange.sink = fill;
  if (stored) exchange.forwardedHeaders = conditional(exchange.forwardedHeaders ?? exchange.request.headers, stored);
  try {
    await next(exchange);
  } catch (error) {
    if (!mayStandIn || exchange.response.hasBegun || exchange.isGone) throw error;
    return serve(visit, stored, { nowMs: cache.nowMs(), status: 'ashlar; fwd=stale; detail=ERROR' });
  } finally {
    fill.settle();
  }
  const asked = `ashlar; fwd=stale; fwd-status=${fill.status}`;
  const nowMs = cache.nowMs();
  if (fill.outcome === 'stood-in') return serve(visit, stored!, { nowMs, status: `${asked}; detail=ERROR` });
  if (fill.outcome === 'validated') return serve(visit, fill.fresh!, { nowMs, status: `${asked}; stored` });
}

/** The answer is there already: the service is asked without anybody waiting. */
async function refresh(visit: Visit, stored: StoredAnswer, underWay: UnderWay): Promise<void> {
  const { key } = visit;
  if (underWay.has(key)) return;
  const exchange = visit.exchange.detached();
  const own = { ...visit, exchange, sink: exchange.sink };
  await whileUnderWay(underWay, key, (release) => ask(own, { stored, reason: 'stale', release })).catch(() => {});
}

const OWN_CONDITIONS = ['if-none-match', 'if-modified-since', 'if-match', 'if-unmodified-since', 'if-range', 'range'];

function conditional(asked: HeaderList, { headers }: StoredAnswer): HeaderList {
  const conditions = asked.copy();
  for (const name of OWN_CONDITIONS) conditions.delete(name);
  const [etag, modified] = [headers.get('etag'), headers.get('last-modified')];
  if (etag !== undefined) conditions.append('if-none-match', etag);
  if (modified !== undefined) conditions.append('if-modified-since', modified);
  return conditions;
}

/** Whether the client asks for anything but the whole answer. */
const isConditional = (asked: HeaderList): boolean =>
  asked.has('if-none-match') || asked.has('if-modified-since') || asked.has('range');

/** Whether it has a body, and one that goes together with its head. */
const isSmall = ({ status, body }: StoredAnswer): boolean => status !== 204 && status !== 304 && body.length <= SMALL;

interface Serving {
  readonly nowMs: number;
  /** What `Cache-Status` says; that it is a hit, with its `detail`, when not told. */
  readonly status?: string;
  readonly detail?: string;
}

function serve(visit: Visit, stored: StoredAnswer, { nowMs, status, detail = '' }: Serving): undefined {
  const { cache, exchange, asked, sink } = visit;
  if (exchange.isDetached || exchange.isGone) return;
  const { method } = exchange;
  const isWhole = method === 'GET' && sink === exchange.ownSink && isSmall(stored) && !isConditional(asked);
  if (isWhole && status === undefined && detail === '') return exchange.sendStored(stored, linesOfHit(stored, nowMs));
  const cacheStatus = status ?? statusOfHit(ttlOf(stored, nowMs), detail);
  if (isWhole) {
    const told = `age: ${ageOf(stored, nowMs)}\r\ncache-status: ${cacheStatus}\r\n`;
    return exchange.sendStored(stored, linesOf(stored) + told);
  }
  const headers = cache.headersOf(stored, cacheStatus, nowMs);
  if (isNotModified(stored, asked)) {
    sink.begin(304, notModifiedHeaders(headers));
    return void sink.end();
  }
  const range = method === 'GET' ? rangeOf(stored, asked) : undefined;
  const size = stored.body.length;
  if (range === 'none') {
    sink.begin(416, HeaderList.of({ 'content-range': `bytes */${size}`, 'content-length': '0' }));
    return void sink.end();
  }
  const body = range ? stored.body.subarray(range.start, range.end + 1) : stored.body;
  if (range) headers.set('content-range', `bytes ${range.start}-${range.end}/${size}`);
  if (stored.status !== 204) headers.set('content-length', String(body.length));
  sink.begin(range ? 206 : stored.status, headers);
  if (method !== 'HEAD') sink.write(body);
  sink.end();
}

/** Passes the answer to an unsafe request on, and forgets what it made doubtful. */
class Invalidating extends Passing {
  constructor(private readonly visit: Visit) {
    super(visit.exchange.sink);
  }

  override begin(status: number, headers: HeaderList): void {
    this.visit.cache.invalidate(this.visit.exchange, status, headers);
    super.begin(status, headers);
  }
}
