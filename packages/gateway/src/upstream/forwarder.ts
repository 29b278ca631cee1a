import type { Clock } from '@ashlar/domain';
import { retryBudget, UnavailableError } from '@ashlar/resilience';
import type { Logger } from '@ashlar/telemetry';
import type { Exchange } from '../exchange.ts';
import type { GatewayMetrics } from '../metrics.ts';
import { Refusal, unavailable } from '../refusal.ts';
import type { ProxyRoute } from '../routing/route.ts';
import { GOING_AWAY } from '../wire/tunnel.ts';
import { Deadlines } from './deadlines.ts';
import { type Attempt, type Ended, Race } from './race.ts';
import { Relay, type RelayOptions } from './relay.ts';
import { type Replica, Replicas } from './replicas.ts';
import { headOf, requestLine } from './request-head.ts';
import { Streams, type StreamsOptions } from './streams.ts';
import { type Upstream, UpstreamFailure } from './upstream.ts';

export interface ForwarderOptions {
  readonly upstreams: readonly Upstream[];
  readonly metrics: GatewayMetrics;
  readonly log: Logger;
  /** Nobody verifies tokens here: credentials go on as they came. */
  readonly passesCredentials: boolean;
  readonly isRevoked: StreamsOptions['isRevoked'];
  readonly clock: Clock;
}

interface Call {
  readonly exchange: Exchange;
  readonly route: ProxyRoute;
  readonly replicas: Replicas;
  /** The request's head without its Host. */
  readonly head: string;
  /** Whether it does no harm to send it twice. */
  readonly isRepeatable: boolean;
  readonly startedAt: number;
}

type OwnOptions = Pick<RelayOptions, 'settled'> & Partial<Pick<RelayOptions, 'isEndless' | 'mayBegin'>>;

const TIMEOUT_MS = 30_000;
const SWITCHING = 101;
/** Whoever has the first one may still hold its key. */
const REPEATED = 'x-ashlar-repeated: 1\r\n';

/** Lets services answer. A call whose connection failed is sent once more, if that is safe and the budget allows it. */
export class Forwarder {
  readonly #services = new Map<string, Replicas>();
  readonly #budget = retryBudget();
  readonly #streams: Streams;
  readonly #deadlines = new Deadlines();
  #passesCredentials = false;

  constructor(private readonly options: ForwarderOptions) {
    this.#streams = new Streams(options);
    this.update(options.upstreams, options.passesCredentials);
  }

  /** Goes on with these services; connections to those that stay are kept. */
  update(upstreams: readonly Upstream[], passesCredentials: boolean): void {
    this.#passesCredentials = passesCredentials;
    for (const upstream of upstreams) {
      const known = this.#services.get(upstream.name);
      if (known) known.upstream = upstream;
      else this.#services.set(upstream.name, this.#replicasOf(upstream));
    }
    for (const [name, replicas] of this.#services) {
      if (upstreams.some((upstream) => upstream.name === name)) continue;
      this.#services.delete(name);
      replicas.retire();
    }
  }

  /** What waits for one that is silent goes to another, where that does no harm. */
  #replicasOf(upstream: Upstream): Replicas {
    const replicas = new Replicas(upstream);
    replicas.health.onSilence = (origin, silence) => this.#deadlines.silent(origin, silence);
    return replicas;
  }

  forward(exchange: Exchange, route: ProxyRoute): Promise<void> {
    const call = this.#callOf(exchange, route);
    const { breaker } = call.replicas;
    if (!breaker) return this.#answered(call, (failure) => refusalFor(failure, call));
    return breaker
      .policy(() => this.#answered(call))
      .catch((failure: unknown) => Promise.reject(refusalFor(failure, call)));
  }

  #answered(call: Call, told: (failure: Error) => Error = (failure) => failure): Promise<void> {
    return new Promise((resolve, reject) => {
      const replica = call.replicas.next();
      if (!replica) return reject(unavailable('The service is away at the moment.'));
      this.#budget.deposit();
      this.#attempt(call, { replica, isSecond: false }, (failure) => (failure ? reject(told(failure)) : resolve()));
    });
  }

  breakers(): readonly { readonly name: string; readonly state: string; readonly failureRate: number }[] {
    return [...this.#services].flatMap(([name, { breaker }]) =>
      breaker ? [{ name, state: breaker.state, failureRate: breaker.failureRate }] : [],
    );
  }

  underWayAt(origin: string): number {
    return [...this.#services.values()].reduce((sum, replicas) => sum + replicas.underWayAt(origin), 0);
  }

  get streams(): Pick<Streams, 'endAll' | 'endOutdated' | 'endRevoked'> {
    return this.#streams;
  }

  close(): void {
    for (const replicas of this.#services.values()) replicas.close();
  }

  #callOf(exchange: Exchange, route: ProxyRoute): Call {
    return {
      exchange,
      route,
      replicas: this.#services.get(route.upstream)!,
      head: headOf(exchange, route, this.#passesCredentials),
      isRepeatable: isRepeatable(exchange, route),
      startedAt: performance.now(),
    };
  }

  #attempt(call: Call, attempt: Attempt, done: (failure?: Error) => void): void {
    const { exchange, route } = call;
    if (exchange.isGone) return done();
    const settled = (ended: Attempt & Ended): void => this.#settled(call, ended, done);
    const isStream = (route.stream === true && exchange.method === 'GET') || exchange.tunnel !== undefined;
    if (isStream) return this.#stream(call, attempt, settled);
    if (route.hedgeAfterMs === undefined || attempt.isSecond || !isSafe(exchange)) {
      return this.#relay(call, attempt, { settled: (failure) => settled({ ...attempt, failure }) }).send(
        attempt.replica.pool,
        attempt.isSecond,
      );
    }
    const budget = this.#budget;
    const race = new Race({
      exchange,
      afterMs: route.hedgeAfterMs,
      runner: (one, own) => this.#relay(call, one, own),
      second: () => {
        const other = call.replicas.next(attempt.replica);
        if (!other || other === attempt.replica || !budget.withdraw()) return undefined;
        this.options.metrics.retried(route.upstream);
        return { replica: other, isSecond: true };
      },
      lost: (failure, { replica }) => this.#note(failure, call, replica),
      settled,
    });
    race.start(attempt);
  }

  #stream(call: Call, attempt: Attempt, settled: (ended: Attempt & Ended) => void): void {
    const { exchange, route } = call;
    const relay: Relay = this.#relay(call, attempt, {
      isEndless: true,
      settled: (failure) => {
        this.#streams.delete(relay);
        if (!failure && exchange.response.status === SWITCHING) this.#follow(call, relay);
        settled({ ...attempt, failure });
      },
    });
    if (!this.#streams.add(relay, { caller: exchange.caller, route })) return relay.cut();
    relay.send(attempt.replica.streams, attempt.isSecond);
  }

  /** A connection that speaks another protocol now ends as streams do. */
  #follow({ exchange: { connection, caller, tunnel }, route }: Call, relay: Relay): void {
    if (!tunnel) return;
    const { socket } = connection;
    this.#streams.add(tunnel, { caller, route });
    socket.once('close', () => this.#streams.delete(tunnel));
    if (relay.isDismissed) tunnel.dismiss(GOING_AWAY);
  }

  #relay(call: Call, { replica, isSecond }: Attempt, own: OwnOptions): Relay {
    const { exchange, route, head } = call;
    const patienceMs = route.timeoutMs ?? TIMEOUT_MS;
    const { isEndless = false } = own;
    const now = isSecond ? performance.now() : call.startedAt;
    return new Relay(exchange, {
      origin: replica.origin,
      now,
      timeoutMs: isSecond ? Math.max(1, Math.ceil(call.startedAt + patienceMs - now)) : patienceMs,
      pauseMs: isEndless ? 0 : patienceMs,
      isMovable: call.isRepeatable && !isSecond,
      doubted: isSecond || !isRead(exchange) ? undefined : () => call.replicas.health.doubted(replica.origin),
      sealsErrors: route.errors !== 'passed',
      method: exchange.method,
      text: `${requestLine(exchange)}host: ${replica.pool.host}\r\n${isSecond ? REPEATED : ''}${head}\r\n`,
      deadlines: this.#deadlines,
      isEndless,
      mayBegin: own.mayBegin,
      settled: own.settled,
    });
  }

  #settled(call: Call, { failure, replica, isSecond }: Attempt & Ended, done: (failure?: Error) => void): void {
    const { replicas, route } = call;
    if (!failure) {
      replicas.health.succeeded(replica.origin);
      replicas.upstream.observed?.(replica.origin, 'answered');
      return done();
    }
    this.#note(failure, call, replica);
    const other = isSecond ? undefined : this.#secondChoice(call, { failure, replica });
    if (!other) return done(failure);
    this.options.metrics.retried(route.upstream);
    this.#attempt(call, { replica: other, isSecond: true }, done);
  }

  #note(failure: unknown, { route, replicas, exchange }: Call, { origin }: Replica): void {
    if (!(failure instanceof UpstreamFailure)) return;
    const { metrics, log } = this.options;
    metrics.upstreamFailed(route.upstream, failure.kind);
    replicas.health.failed(origin);
    replicas.upstream.observed?.(origin, failure.kind);
    const { kind, cause = '' } = failure;
    const told = {
      upstream: route.upstream,
      replica: origin,
      kind,
      cause: String(cause),
      requestId: exchange.requestId,
    };
    exchange.within(() => log.warn(told, 'A service did not answer.'));
  }

  #secondChoice(call: Call, { failure, replica }: { failure: unknown; replica: Replica }): Replica | undefined {
    const { exchange } = call;
    if (!(failure instanceof UpstreamFailure) || exchange.isGone || exchange.response.hasBegun) return undefined;
    if (exchange.streamsBody && exchange.request.sink) return undefined;
    const { kind } = failure;
    const isLost = kind === 'reset' || kind === 'silent';
    if (kind !== 'unreachable' && !(isLost && call.isRepeatable)) return undefined;
    const other = call.replicas.next(replica);
    // Whoever is silent does no work: what is moved away from it is no load in addition.
    if (kind === 'silent') return other;
    return other && this.#budget.withdraw() ? other : undefined;
  }
}

/** A read that brings nothing which could be sent once only. */
const isSafe = (exchange: Exchange): boolean =>
  isRead(exchange) && exchange.body === undefined && !exchange.streamsBody;

const isRead = ({ method }: Exchange): boolean => method === 'GET' || method === 'HEAD';

const isRepeatable = (exchange: Exchange, { idempotent }: ProxyRoute): boolean =>
  isRead(exchange) ||
  (exchange.method === 'POST' && idempotent !== false && exchange.request.headers.has('idempotency-key'));

function refusalFor(failure: unknown, { isRepeatable }: Call): Error {
  if (failure instanceof UnavailableError) return unavailable('The service is left alone for a moment.');
  if (!(failure instanceof UpstreamFailure)) return failure as Error;
  if (failure.kind === 'timeout') {
    const detail = 'The service did not answer in time. It is not known whether it did what was asked.';
    return new Refusal(504, 'upstream_timeout', { detail });
  }
  const { kind } = failure;
  const mayComeBack = kind === 'unreachable' || ((kind === 'reset' || kind === 'silent') && isRepeatable);
  if (mayComeBack) return unavailable('The service is away at the moment.');
  return new Refusal(502, 'upstream_failed', {
    detail: 'The service broke off. It is not known whether it did what was asked.',
  });
}
