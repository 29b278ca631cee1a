import { type CircuitBreaker, circuitBreaker } from '@ashlar/resilience';
import { ConnectionPool } from './connection-pool.ts';
import { ReplicaHealth } from './replica-health.ts';
import { type Upstream, UpstreamFailure } from './upstream.ts';

/** One running copy of a service and the connections to it. */
export interface Replica {
  readonly origin: string;
  readonly pool: ConnectionPool;
  /** Endless answers hold their connection: they have their own, so that they cannot use up those of the others. */
  readonly streams: ConnectionPool;
}

const CONNECT_TIMEOUT_MS = 2_000;
const CONNECTIONS = 256;
const STREAMS = 10_000;

/** The replicas of one service: of two that are next, the one with less to do (the power of two choices). */
export class Replicas {
  readonly #known = new Map<string, Replica>();
  /** Those that are called no more, while they finish what they answer. */
  readonly #leaving = new Set<Replica>();
  readonly health: ReplicaHealth;
  readonly breaker: CircuitBreaker | undefined;
  #turn = 0;

  constructor(
    public upstream: Upstream,
    private readonly chance: () => number = Math.random,
  ) {
    const { name, health = {}, breaker } = upstream;
    this.health = new ReplicaHealth(health, () => this.upstream.replicas());
    const isFailure = (error: unknown): boolean => error instanceof UpstreamFailure;
    this.breaker = breaker && circuitBreaker({ name, ...breaker, isFailure });
  }

  /** The next replica; another one than `except` where there is one, be it one that seemed not well. */
  next(except?: Replica): Replica | undefined {
    const origins = this.#admitted(this.health.fit(this.upstream.replicas()));
    if (this.#known.size > origins.length) this.#retire(origins);
    const others = except ? this.#besides(except.origin, origins) : origins;
    if (others.length === 0) return undefined;
    this.#turn = (this.#turn + 1) % others.length;
    const first = this.#replicaAt(others[this.#turn]!);
    if (others.length === 1) return first;
    const step = 1 + Math.floor(this.chance() * (others.length - 1));
    const second = this.#replicaAt(others[(this.#turn + step) % others.length]!);
    return second.pool.load < first.pool.load ? second : first;
  }

  /** Requests that this replica answers now, or that wait for a connection to it. */
  underWayAt(origin: string): number {
    const known = this.#known.get(origin);
    return [...this.#leaving, ...(known ? [known] : [])]
      .filter((replica) => replica.origin === origin)
      .reduce((sum, { pool }) => sum + pool.load, 0);
  }

  /** The service is called no more; what runs is finished. */
  retire(): void {
    for (const { pool, streams } of this.#known.values()) {
      pool.retire();
      streams.retire();
    }
    this.#known.clear();
    this.#stopWatching();
  }

  close(): void {
    for (const { pool, streams } of this.#known.values()) {
      pool.destroy();
      streams.destroy();
    }
    this.#known.clear();
    this.#stopWatching();
  }

  #stopWatching(): void {
    this.health.close();
    this.breaker?.close();
  }

  #admitted(origins: readonly string[]): readonly string[] {
    const { upstream } = this;
    return upstream.admits ? origins.filter((origin) => upstream.admits?.(origin)) : origins;
  }

  #besides(failed: string, fit: readonly string[]): readonly string[] {
    const isOther = (origin: string): boolean => origin !== failed;
    const others = fit.filter(isOther);
    if (others.length > 0) return others;
    const unfit = this.#admitted(this.upstream.replicas()).filter(isOther);
    return unfit.length > 0 ? unfit : fit;
  }

  #replicaAt(origin: string): Replica {
    const known = this.#known.get(origin);
    if (known) return known;
    const replica = connect(origin);
    this.#known.set(origin, replica);
    return replica;
  }

  /** Replicas that are gone finish what they answer; a restarted service comes back at another address. */
  #retire(admitted: readonly string[]): void {
    const present = new Set([...admitted, ...this.upstream.replicas()]);
    for (const replica of this.#leaving) if (replica.pool.load === 0) this.#leaving.delete(replica);
    for (const [origin, replica] of this.#known) {
      if (present.has(origin)) continue;
      this.#known.delete(origin);
      this.#leaving.add(replica);
      replica.pool.retire();
      replica.streams.retire();
    }
  }
}

const connect = (origin: string): Replica => ({
  origin,
  pool: new ConnectionPool(origin, { connections: CONNECTIONS, connectTimeoutMs: CONNECT_TIMEOUT_MS }),
  streams: new ConnectionPool(origin, { connections: STREAMS, connectTimeoutMs: CONNECT_TIMEOUT_MS, upgrades: true }),
});
