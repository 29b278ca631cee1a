import type { Exchange } from '../exchange.ts';
import type { Relay, RelayOptions } from './relay.ts';
import type { Replica } from './replicas.ts';

/** One replica that is asked. */
export interface Attempt {
  readonly replica: Replica;
  readonly isSecond: boolean;
}

export interface Ended {
  readonly failure: Error | undefined;
}

export interface RaceOptions {
  readonly exchange: Exchange;
  /** How long the first one may take until its answer begins. */
  readonly afterMs: number;
  readonly runner: (attempt: Attempt, own: Pick<RelayOptions, 'settled' | 'mayBegin'>) => Relay;
  /** Who is asked besides; undefined where there is nobody, or no budget for it. */
  readonly second: () => Attempt | undefined;
  /** One has failed, and the other goes on. */
  readonly lost: (failure: Error, attempt: Attempt) => void;
  /** Called once, with how the race ended. */
  readonly settled: (ended: Attempt & Ended) => void;
}

/** Two replicas are asked for the same, since the first is slow: whose answer begins first is told. */
export class Race {
  readonly #runners = new Set<Relay>();
  #winner: Relay | undefined;
  #isHedged = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: RaceOptions) {}

  start(attempt: Attempt): void {
    this.#timer = setTimeout(() => this.#hedge(), this.options.afterMs);
    this.#run(attempt);
  }

  #hedge(): void {
    const { exchange, second } = this.options;
    const attempt = this.#winner || exchange.isGone ? undefined : second();
    if (!attempt) return;
    this.#isHedged = true;
    this.#run(attempt);
    // Both have to hear of it.
    exchange.relay = {
      clientLeft: () => {
        for (const runner of [...this.#runners]) runner.clientLeft();
      },
    };
  }

  #run(attempt: Attempt): void {
    const relay = this.options.runner(attempt, {
      mayBegin: () => this.#wins(relay),
      settled: (failure) => this.#settle(relay, { ...attempt, failure }),
    });
    this.#runners.add(relay);
    relay.send(attempt.replica.pool, attempt.isSecond);
  }

  #wins(relay: Relay): boolean {
    if (this.#winner) return this.#winner === relay;
    this.#winner = relay;
    clearTimeout(this.#timer);
    for (const other of this.#runners) if (other !== relay) other.drop();
    this.#runners.clear();
    this.#runners.add(relay);
    return true;
  }

  #settle(relay: Relay, ended: Attempt & Ended): void {
    const { exchange, lost, settled } = this.options;
    this.#runners.delete(relay);
    if (this.#runners.size > 0) {
      if (ended.failure) lost(ended.failure, ended);
      return;
    }
    clearTimeout(this.#timer);
    exchange.relay = undefined;
    settled({ ...ended, isSecond: ended.isSecond || this.#isHedged });
  }
}
