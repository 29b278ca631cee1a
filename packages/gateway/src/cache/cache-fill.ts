import type { Exchange } from '../exchange.ts';
import type { CachePolicy } from '../routing/route.ts';
import type { HeaderList } from '../wire/header-list.ts';
import { Passing } from '../wire/passing.ts';
import type { Fill } from './fills-under-way.ts';
import { type HttpCache, tagsOf } from './http-cache.ts';
import { type Asked, type Received, type StoredAnswer, storable } from './stored-answer.ts';

export interface CacheFillOptions {
  readonly cache: HttpCache;
  readonly key: string;
  readonly policy: CachePolicy;
  readonly exchange: Exchange;
  /** What is validated by this request. */
  readonly stored: StoredAnswer | undefined;
  /** A failed answer is kept back: the stored one is better. */
  readonly mayStandIn: boolean;
  readonly reason: string;
  /** In the name of which moment the answer is shared with other gateways. */
  readonly since: number | undefined;
  /** The request as the service gets to see it. */
  readonly asked: HeaderList;
  /** Called when it is known that the answer helps nobody but its client, or that it takes long. */
  readonly release: () => void;
}

/** How long others, and a client for whom there is a stand-in, wait for the rest of an answer that has begun. */
const PATIENCE_MS = 2_000;
/** How much of an answer is kept back until it is whole, where what is stored could stand in for it. */
const HELD_BYTES = 256 << 10;

/** Takes an answer to the client and, where it may be stored, into the cache. */
export class CacheFill extends Passing {
  /** `passed` to the client; `validated`: what is stored is right; `stood-in`: it failed, what is stored is told. */
  outcome: 'passed' | 'validated' | 'stood-in' = 'passed';
  status = 0;
  fresh: StoredAnswer | undefined;
  readonly #requestedAtMs: number;
  readonly #fill: Fill;
  readonly #asked: Asked;
  #received: Received | undefined;
  #parts: Buffer[] | undefined;
  #size = 0;
  #timer: NodeJS.Timeout | undefined;
  /** The head of an answer that is kept back, as long as it may still break off. */
  #held: Received | undefined;

  constructor(private readonly options: CacheFillOptions) {
    super(options.exchange.sink);
    const { asked: headers } = options;
    this.#requestedAtMs = options.cache.nowMs();
    this.#fill = options.cache.fills.begin(options.key);
    this.#asked = { headers, hasAuthorization: headers.has('authorization') || headers.has('x-api-key') };
  }

  override begin(status: number, headers: HeaderList): void {
    const { cache, key, stored, mayStandIn, exchange, since } = this.options;
    this.status = status;
    const receivedAtMs = cache.nowMs();
    const received = { status, headers, requestedAtMs: this.#requestedAtMs, receivedAtMs };
    if (status === 304 && stored) {
      this.outcome = 'validated';
      const isDoubtful = this.#fill.isDoubtful(stored.tags);
      this.fresh = isDoubtful ? stored : cache.freshen(key, stored, { received, asked: this.#asked, since });
      return;
    }
    if (status >= 500 && mayStandIn) {
      this.outcome = 'stood-in';
      return;
    }
    if (exchange.method === 'GET') this.#keep(received);
    else if (stored && exchange.method === 'HEAD') this.#compare(stored, received);
    this.#letOthersGo();
    headers.append('cache-status', this.#cacheStatus());
    if (mayStandIn && this.#parts) this.#held = received;
    else super.begin(status, headers);
  }

  override write(content: Buffer): boolean {
    if (this.outcome !== 'passed') return true;
    const most = Math.min(HELD_BYTES, this.options.cache.maxAnswerBytes);
    if (this.#size + content.length > most) this.#passOn();
    this.#collect(content);
    return this.#held ? true : super.write(content);
  }

  /** What was kept back goes to the client: from here on nothing can stand in for it. */
  #passOn(): void {
    const held = this.#held;
    if (!held) return;
    this.#held = undefined;
    super.begin(held.status, held.headers);
    for (const part of this.#parts ?? []) super.write(part);
  }

  override end(): void {
    if (this.outcome !== 'passed') return;
    this.#passOn();
    const { cache, key, policy, since } = this.options;
    if (this.#parts && this.#received && !this.#fill.isDoubtful(tagsOf(this.#received.headers, policy))) {
      const body = Buffer.concat(this.#parts, this.#size);
      cache.keep(key, { received: this.#received, body, asked: this.#asked, policy, since });
    }
    super.end();
  }

  override flush(): void {
    if (this.outcome === 'passed' && !this.#held) super.flush();
  }

  /** Others do not wait for what is not kept, nor for the pace of one client. */
  #letOthersGo(): void {
    const { release } = this.options;
    if (!this.#parts) return release();
    this.#timer = setTimeout(() => {
      release();
      this.#passOn();
      this.flush();
    }, PATIENCE_MS);
  }

  /** Nothing comes any more, whatever came of it. */
  settle(): void {
    clearTimeout(this.#timer);
    this.#fill.end();
  }

  #keep(received: Received): void {
    const { cache, asked } = this.options;
    const length = Number(received.headers.get('content-length') ?? 0);
    const mayStore = storable(received, this.#asked) && length <= cache.maxAnswerBytes;
    if (!mayStore || asked.get('cache-control')?.includes('no-store')) return;
    this.#received = { ...received, headers: received.headers.copy() };
    this.#parts = [];
  }

  /** A HEAD tells whether what is stored is still what there is (RFC 9111, section 4.3.5). */
  #compare(stored: StoredAnswer, received: Received): void {
    const { cache, key, since } = this.options;
    if (received.status !== 200 || this.#fill.isDoubtful(stored.tags)) return;
    const differs = ['etag', 'last-modified', 'content-length'].some((name) => {
      const told = received.headers.get(name);
      const kept = name === 'content-length' ? String(stored.body.length) : stored.headers.get(name);
      return told !== undefined && told !== kept;
    });
    if (differs) cache.store.delete(key);
    else cache.freshen(key, stored, { received, asked: this.#asked, since });
  }

  #collect(content: Buffer): void {
    if (!this.#parts) return;
    this.#size += content.length;
    // A copy: the bytes are a part of what was read at once, which would all be kept by it.
    if (this.#size <= this.options.cache.maxAnswerBytes) this.#parts.push(Buffer.from(content));
    else {
      this.#parts = undefined;
      this.options.release();
    }
  }

  #cacheStatus(): string {
    return `ashlar; fwd=${this.options.reason}; fwd-status=${this.status}${this.#parts ? '; stored' : ''}`;
  }
}
