import { Pool } from 'undici';
import { type BulkheadOptions, bulkhead } from './bulkhead.ts';
import { type BreakerOptions, type BreakerState, circuitBreaker } from './circuit-breaker.ts';
import { exchange, type HttpAnswer, type HttpMethod, type HttpRequest } from './http-exchange.ts';
import { compose } from './policy.ts';
import { protect } from './protect.ts';
import { type BackoffOptions, retry } from './retry.ts';
import { retryBudget } from './retry-budget.ts';
import { type MonotonicNow, machine, type Random } from './surroundings.ts';
import { timeout } from './timeout.ts';
import { UnavailableError, type UnavailableReason } from './unavailable-error.ts';

/** What happened to calls, for metrics and logs. */
export type ResilienceEvent =
  | { readonly type: 'state_changed'; readonly name: string; readonly state: BreakerState }
  | { readonly type: 'retried'; readonly name: string; readonly attempt: number; readonly delayMs: number }
  | { readonly type: 'finished'; readonly name: string; readonly outcome: Outcome; readonly durationMs: number };

/** How a call ended; `abandoned` is our own doing: the caller cancelled, or its request was no request. */
export type Outcome = 'answered' | 'abandoned' | UnavailableReason;

/** One request on its way to a dependency. */
export interface HttpAttempt {
  readonly method: HttpMethod;
  readonly path: string;
  /** 1 the first time. */
  readonly attempt: number;
}

/** Lets the attempt be made, and answers or throws as it does. */
export type AroundAttempt = <A extends { readonly status: number }>(
  attempt: HttpAttempt,
  send: () => Promise<A>,
) => Promise<A>;

export interface HttpClientOptions {
  readonly name: string;
  readonly origin: string;
  /** How long a whole call may take: waiting, all attempts and the pauses between them. */
  readonly timeoutMs: number;
  readonly breaker?: BreakerOptions;
  readonly retry?: BackoffOptions & { readonly attempts: number };
  readonly bulkhead?: BulkheadOptions;
  readonly maxAnswerBytes?: number;
  /** Headers of every request, such as the traceparent. */
  readonly headers?: () => Readonly<Record<string, string>>;
  /** Sees each attempt that is sent: for a span around it, whose context `headers` can tell. */
  readonly around?: AroundAttempt;
  readonly onEvent?: (event: ResilienceEvent) => void;
  readonly random?: Random;
  readonly now?: MonotonicNow;
}

/** A dependency over HTTP that can be slow, broken or gone without taking us with it. */
export interface HttpClient {
  readonly name: string;
  readonly state: BreakerState;
  readonly failureRate: number;
  request<T = unknown>(request: HttpRequest<T>): Promise<HttpAnswer<T>>;
  /** `request` with another way out when the dependency is unavailable. */
  withFallback<F>(
    fallback: (error: UnavailableError, request: HttpRequest) => F | Promise<F>,
  ): (request: HttpRequest) => Promise<HttpAnswer | F>;
  /** Takes no more calls and waits for those that run. */
  close(): Promise<void>;
}

const justSent: AroundAttempt = (_attempt, send) => send();

const BREAKER: BreakerOptions = { errorRate: 0.5, volume: 5, windowMs: 10_000, openMs: 2_000 };
const BULKHEAD: BulkheadOptions = { concurrent: 64, queue: 256 };
const RETRY = { attempts: 2, baseMs: 50, maxMs: 1_000 };
const IDEMPOTENT: ReadonlySet<HttpMethod> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);

export function createHttpClient(options: HttpClientOptions): HttpClient {
  const { name, headers = () => ({}), around = justSent, now = machine.now, onEvent = () => {} } = options;
  const pool = createPool(options);
  const { breaker, once, repeated } = createPolicies(options);
  let closed: Promise<void> | undefined;

  const request = async <T>(request: HttpRequest<T>): Promise<HttpAnswer<T>> => {
    const startedAt = now();
    const finished = (outcome: Outcome): void =>
      onEvent({ type: 'finished', name, outcome, durationMs: now() - startedAt });
    const policy = (request.idempotent ?? IDEMPOTENT.has(request.method)) ? repeated : once;
    try {
      let attempt = 0;
      const { method, path } = request;
      const answer = await policy((signal) => {
        attempt += 1;
        return around({ method, path, attempt }, () =>
          exchange(pool, { dependency: name, request, headers: headers(), signal }),
        );
      }, request.signal);
      finished('answered');
      return answer;
    } catch (error) {
      finished(error instanceof UnavailableError ? error.reason : 'abandoned');
      throw error;
    }
  };

  return {
    name,
    get state() {
      return breaker.state;
    },
    get failureRate() {
      return breaker.failureRate;
    },
    request,
    withFallback: (fallback) => protect((asked: HttpRequest) => request(asked), { fallback }),
    close() {
      breaker.close();
      closed ??= pool.close();
      return closed;
    },
  };
}

/** The deadline is around all; a pause between attempts holds no place; an open breaker empties the queue at once. */
function createPolicies(options: HttpClientOptions) {
  const { name, timeoutMs, random, now = machine.now, onEvent = () => {} } = options;
  const deadline = timeout({ name, timeoutMs });
  const limits = bulkhead({ name, ...(options.bulkhead ?? BULKHEAD) });
  const breaker = circuitBreaker({
    name,
    ...(options.breaker ?? BREAKER),
    isFailure: (error) => error instanceof UnavailableError,
    onStateChange: (state) => onEvent({ type: 'state_changed', name, state }),
  });
  const again = retry({
    ...(options.retry ?? RETRY),
    budget: retryBudget({ now }),
    ...(random && { random }),
    onRetry: ({ attempt, delayMs }) => onEvent({ type: 'retried', name, attempt, delayMs }),
  });
  return {
    breaker,
    once: compose(deadline, limits.policy, breaker.policy),
    repeated: compose(deadline, again, limits.policy, breaker.policy),
  };
}

const createPool = ({ origin, timeoutMs, bulkhead: limits = BULKHEAD, maxAnswerBytes = 1 << 20 }: HttpClientOptions) =>
  new Pool(origin, {
    connections: limits.concurrent,
    pipelining: 1,
    connect: { timeout: timeoutMs },
    maxResponseSize: maxAnswerBytes,
  });
