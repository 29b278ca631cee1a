import { type CircuitBreaker, circuitBreaker, UnavailableError } from '@ashlar/resilience';
import { Redis } from 'ioredis';

export interface RedisLinkOptions {
  readonly url: string;
  /** The longest that one call may take, in milliseconds; 200 by default. */
  readonly timeoutMs?: number;
  /** Hears why the connection was lost, or could not be made. */
  readonly onError?: (error: Error) => void;
}

const BREAKER = { errorRate: 0.5, volume: 3, windowMs: 2_000, openMs: 500 } as const;
const MOST_MS_BETWEEN_TRIES = 500;

/** A Redis server that may be away: nobody waits for it longer than a moment, and most do not even ask. */
export class RedisLink {
  readonly #redis: Redis;
  readonly #breaker: CircuitBreaker;
  #connections = 0;

  constructor({ url, timeoutMs = 200, onError = () => {} }: RedisLinkOptions) {
    this.#redis = new Redis(url, {
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      commandTimeout: timeoutMs,
      connectTimeout: 1_000,
      retryStrategy: (tries) => Math.min(20 * 2 ** tries, MOST_MS_BETWEEN_TRIES),
    });
    this.#redis.on('error', onError);
    this.#redis.on('close', () => this.#connections++);
    this.#breaker = circuitBreaker({ name: 'redis', ...BREAKER });
  }

  /** Counts up whenever the connection is lost: behind the next one there may be another server. */
  get connection(): number {
    return this.#connections;
  }

  get breaker(): Pick<CircuitBreaker, 'state' | 'failureRate'> {
    return this.#breaker;
  }

  /** Throws UnavailableError, at once where there is no connection or the circuit is open. */
  async call<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
    if (this.#redis.status !== 'ready') throw new UnavailableError('redis', 'network');
    return this.#breaker.policy(async () => {
      try {
        return await work(this.#redis);
      } catch (cause) {
        throw new UnavailableError('redis', 'network', { cause });
      }
    });
  }

  close(): void {
    this.#breaker.close();
    this.#redis.disconnect();
  }
}
