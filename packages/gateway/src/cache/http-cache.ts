import type { Clock } from '@ashlar/domain';
import type { AnswerTier, News } from '../cluster/cluster.ts';
import type { Exchange } from '../exchange.ts';
import type { CachePolicy } from '../routing/route.ts';
import { labelOf } from '../routing/version.ts';
import type { HeaderList } from '../wire/header-list.ts';
import { AnswerStore } from './answer-store.ts';
import { type Directives, parseCacheControl, secondsOf } from './directives.ts';
import { FillsUnderWay } from './fills-under-way.ts';
import { type Asked, ageMs, ageOf, freshened, type Received, type StoredAnswer, storable } from './stored-answer.ts';
import { fromEntry, toEntry } from './tier-entry.ts';

export interface HttpCacheOptions {
  readonly clock: Clock;
  /** The bound of the memory for answers; 64 MiB when not told. */
  readonly maxBytes?: number;
  /** Longer answers pass by; 4 MiB when not told. */
  readonly maxAnswerBytes?: number;
  /** Tells other gateways what cannot be believed any more. */
  readonly tell?: (news: News) => void;
  /** Answers of other gateways, and for them. */
  readonly tier?: AnswerTier | undefined;
}

const MAX_BYTES = 64 << 20;
const MAX_ANSWER_BYTES = 4 << 20;
/** Longer ones are not shared, and none for longer than that. */
const MAX_TIER_BYTES = 1 << 20;
const MAX_TIER_MS = 3_600_000;

interface Kept {
  readonly received: Received;
  readonly body: Buffer;
  readonly asked: Asked;
  readonly policy: CachePolicy;
  /** The moment in whose name it is shared; undefined where it is not. */
  readonly since: number | undefined;
}

export interface Question {
  readonly asked: HeaderList;
  readonly honoursClients: boolean;
  readonly nowMs: number;
}

/** What is to be done with a request. */
export type Decision =
  | { readonly kind: 'serve'; readonly stored: StoredAnswer; readonly detail: string }
  | { readonly kind: 'refresh'; readonly stored: StoredAnswer }
  | { readonly kind: 'validate'; readonly stored: StoredAnswer; readonly reason: string }
  | { readonly kind: 'fetch'; readonly reason: string }
  | { readonly kind: 'refuse' };

/** A shared cache (RFC 9111) of what the services answer, in memory. */
export class HttpCache {
  readonly store: AnswerStore;
  readonly maxAnswerBytes: number;
  readonly fills = new FillsUnderWay();
  readonly #clock: Clock;
  readonly #tell: (news: News) => void;
  readonly #tier: AnswerTier | undefined;

  constructor(options: HttpCacheOptions) {
    const { clock, maxBytes = MAX_BYTES, maxAnswerBytes = MAX_ANSWER_BYTES, tell = () => {} } = options;
    this.#clock = clock;
    this.#tell = tell;
    this.#tier = options.tier;
    this.maxAnswerBytes = maxAnswerBytes;
    this.store = new AnswerStore({ maxBytes });
  }

  nowMs(): number {
    return this.#clock.now().getTime();
  }

  /** Host and address; around them, with blanks, which neither contains, what tells TLS, and the version. */
  keyOf(exchange: Exchange): string {
    const { route, client } = exchange;
    const address = client.scheme === 'https' ? `${TLS}${addressOf(exchange)}` : addressOf(exchange);
    return route?.version ? `${address} ${labelOf(route.version)}` : address;
  }

  decide(key: string, { asked, honoursClients, nowMs }: Question): Decision {
    const wishes = honoursClients ? wishesOf(asked) : NO_WISHES;
    const stored = this.store.find(key, asked);
    if (!stored) {
      if (wishes.has('only-if-cached')) return { kind: 'refuse' };
      return { kind: 'fetch', reason: this.store.has(key) ? 'vary-miss' : 'uri-miss' };
    }
    return decideFor(stored, wishes, nowMs);
  }

  get hasTier(): boolean {
    return this.#tier !== undefined;
  }

  /** Takes what another gateway has kept into the own memory; answers in whose moment's name the service is asked. */
  async fetchFromTier(key: string): Promise<number | undefined> {
    const fill = this.fills.begin(key);
    try {
      const found = await this.#tier?.find(key);
      for (const { entry, keptMs } of found?.variants ?? []) {
        const answer = fromEntry(entry, keptMs, this.nowMs());
        if (answer && !fill.isDoubtful(answer.tags)) this.store.put(key, answer);
      }
      return found?.since;
    } finally {
      fill.end();
    }
  }

  /** Stores an answer where it may be, in the place of what was there. */
  keep(key: string, { received, body, asked, policy, since }: Kept): void {
    const found = storable(received, asked);
    if (found) this.#put(key, { ...found, body, tags: tagsOf(received.headers, policy) }, since);
  }

  #put(key: string, answer: StoredAnswer, since: number | undefined): void {
    this.store.put(key, answer);
    if (!this.#tier || since === undefined || answer.body.length > MAX_TIER_BYTES) return;
    const ttlMs = Math.min(MAX_TIER_MS, Math.floor(answer.freshUntilMs - this.nowMs()));
    if (ttlMs <= 0 || answer.directives.get('no-cache') === true) return;
    const variant = JSON.stringify([...answer.variant].sort());
    this.#tier.keep(key, { entry: toEntry(answer), tags: answer.tags, variant, since, ttlMs });
  }

  /** Brings a stored answer up to date with a 304, and answers with it as it is now. */
  freshen(key: string, stored: StoredAnswer, { received, asked, since }: Omit<Kept, 'body' | 'policy'>): StoredAnswer {
    const now = freshened(stored, received, asked);
    if (now) this.#put(key, now, since);
    else this.store.delete(key);
    return now ?? { ...stored, freshUntilMs: 0 };
  }

  /** A successful unsafe request makes what is stored of its address doubtful (RFC 9111, section 4.4). */
  invalidate(exchange: Exchange, status: number, headers: HeaderList): void {
    if (status < 200 || status >= 400) return;
    const versions = exchange.match?.endpoint.versions?.labels ?? [];
    this.#doubt(addressOf(exchange), versions);
    const host = exchange.request.headers.get('host') ?? '';
    for (const name of ['location', 'content-location']) {
      const place = headers.get(name);
      if (place === undefined) continue;
      const base = `http://${host}${exchange.target!.path}`;
      if (!URL.canParse(place, base)) continue;
      const url = new URL(place, base);
      if (url.host === new URL(base).host) this.#doubt(`${host}${url.pathname}${url.search}`, versions);
    }
  }

  /** Forgets every answer with this tag; answers how many there were. */
  purge(tag: string): number {
    this.#tell({ kind: 'purge', tag });
    return this.#purge(tag);
  }

  /** Another gateway has learned it. */
  heard(news: News): void {
    if (news.kind === 'purge') this.#purge(news.tag);
    if (news.kind === 'changed') this.#forget(news.key);
    if (news.kind !== 'lost') return;
    this.fills.doubtAll();
    this.store.clear();
  }

  #purge(tag: string): number {
    this.fills.purged(tag);
    return this.store.purge(tag);
  }

  #doubt(address: string, versions: readonly string[]): void {
    for (const place of [address, `${TLS}${address}`]) {
      for (const key of [place, ...versions.map((label) => `${place} ${label}`)]) {
        this.#tell({ kind: 'changed', key });
        this.#forget(key);
      }
    }
  }

  #forget(key: string): void {
    this.fills.doubt(key);
    this.store.delete(key);
  }

  /** The head of a stored answer for a client, with its age. */
  headersOf(stored: StoredAnswer, status: string, nowMs: number): HeaderList {
    const headers = stored.headers.copy();
    headers.append('age', String(ageOf(stored, nowMs)));
    headers.append('cache-status', status);
    return headers;
  }
}

/** Services are told how the client came, and may answer by it: send those of plain HTTP elsewhere, for one. */
const TLS = 'https ';

const addressOf = ({ target, request }: Exchange): string =>
  `${request.headers.get('host') ?? ''}${target!.path}${target!.query}`;

const NO_WISHES: Directives = new Map();

function wishesOf(headers: HeaderList): Directives {
  const told = headers.get('cache-control');
  if (told !== undefined) return parseCacheControl(told);
  return headers.get('pragma')?.toLowerCase().includes('no-cache') ? new Map([['no-cache', true as const]]) : NO_WISHES;
}

function decideFor(stored: StoredAnswer, wishes: Directives, nowMs: number): Decision {
  const { directives } = stored;
  const freshForMs = stored.freshUntilMs - nowMs;
  if (wishes === NO_WISHES && freshForMs > 0 && directives.get('no-cache') !== true) {
    return { kind: 'serve', stored, detail: '' };
  }
  if (wishes.has('no-store')) return { kind: 'fetch', reason: 'request' };
  const mustAsk = directives.get('no-cache') === true || wishes.has('no-cache');
  const mostAge = secondsOf(wishes, 'max-age');
  const tooOld = mostAge !== undefined && ageMs(stored, nowMs) > mostAge * 1_000;
  const leastFresh = (secondsOf(wishes, 'min-fresh') ?? 0) * 1_000;
  if (!mustAsk && !tooOld && freshForMs > leastFresh) return { kind: 'serve', stored, detail: '' };
  const staleMs = -freshForMs;
  if (!mustAsk && !tooOld && leastFresh === 0 && staleMs >= 0 && !forbidsStale(directives)) {
    const allowed = wishes.get('max-stale') === true ? Number.POSITIVE_INFINITY : secondsOf(wishes, 'max-stale');
    if (allowed !== undefined && staleMs <= allowed * 1_000) return { kind: 'serve', stored, detail: '; detail=STALE' };
    const whileAsking = secondsOf(directives, 'stale-while-revalidate');
    if (whileAsking !== undefined && staleMs < whileAsking * 1_000) return { kind: 'refresh', stored };
  }
  if (wishes.has('only-if-cached')) return { kind: 'refuse' };
  return { kind: 'validate', stored, reason: freshForMs > 0 ? 'request' : 'stale' };
}

const FORBID_STALE = ['must-revalidate', 'proxy-revalidate', 's-maxage'];

const forbidsStale = (directives: Directives): boolean => FORBID_STALE.some((name) => directives.has(name));

/** Whether a stored answer may stand in for one that failed (RFC 5861, section 4). */
export function standsIn(
  stored: StoredAnswer,
  { nowMs, byDefaultSeconds }: { nowMs: number; byDefaultSeconds: number },
) {
  const { directives } = stored;
  if (forbidsStale(directives) || directives.has('no-cache')) return false;
  const allowed = secondsOf(directives, 'stale-if-error') ?? byDefaultSeconds;
  return nowMs - stored.freshUntilMs < allowed * 1_000;
}

/** Tags by which events purge: the service's own (`Cache-Tag`, `Surrogate-Key`), and those of the route. */
export function tagsOf(headers: HeaderList, { tags = [] }: CachePolicy): readonly string[] {
  const told = `${headers.get('cache-tag') ?? ''},${(headers.get('surrogate-key') ?? '').replaceAll(' ', ',')}`;
  return [...tags, ...told.split(',').map((tag) => tag.trim())].filter((tag) => tag !== '');
}
