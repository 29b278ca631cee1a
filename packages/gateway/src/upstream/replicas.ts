import { Pool } from 'undici';
import type { Upstream } from './upstream.ts';

/** One running copy of a service and the connections to it. */
export interface Replica {
  readonly origin: string;
  readonly pool: Pool;
  /** Endless answers hold their connection: they have their own, so that they cannot use up those of the others. */
  readonly streams: Pool;
}

const CONNECTIONS = 256;
const CONNECT_TIMEOUT_MS = 2_000;

/** The replicas of one service, taken in turn. */
export class Replicas {
  readonly #known = new Map<string, Replica>();
  #turn = 0;

  constructor(readonly upstream: Upstream) {}

  /** The next replica; another one than `except` where there is one. */
  next(except?: Replica): Replica | undefined {
    const origins = this.#admitted();
    if (this.#known.size > origins.length) this.#retire(origins);
    for (let tried = 0; tried < origins.length; tried++) {
      this.#turn = (this.#turn + 1) % origins.length;
      const origin = origins[this.#turn]!;
      if (origin !== except?.origin || origins.length === 1) return this.#replicaAt(origin);
    }
    return undefined;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#known.values()].flatMap(({ pool, streams }) => [pool.destroy(), streams.destroy()]));
    this.#known.clear();
  }

  #admitted(): readonly string[] {
    const { upstream } = this;
    const origins = upstream.replicas();
    return upstream.admits ? origins.filter((origin) => upstream.admits?.(origin)) : origins;
  }

  #replicaAt(origin: string): Replica {
    const known = this.#known.get(origin) ?? connect(origin);
    this.#known.set(origin, known);
    return known;
  }

  /** Replicas that are gone finish what they answer; a restarted service comes back at another address. */
  #retire(admitted: readonly string[]): void {
    const present = new Set([...admitted, ...this.upstream.replicas()]);
    for (const [origin, { pool, streams }] of this.#known) {
      if (present.has(origin)) continue;
      this.#known.delete(origin);
      pool.close().catch(() => {});
      streams.close().catch(() => {});
    }
  }
}

function connect(origin: string): Replica {
  const options = { pipelining: 1, connect: { timeout: CONNECT_TIMEOUT_MS } };
  return {
    origin,
    pool: new Pool(origin, { ...options, connections: CONNECTIONS }),
    streams: new Pool(origin, { ...options, bodyTimeout: 0 }),
  };
}
