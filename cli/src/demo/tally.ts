import type { OrderView } from './shop-views.ts';

/** What became of the orders, and how long it took. */
export class Tally {
  #began = performance.now();
  readonly #outcomes = new Map<string, number>();
  readonly #latencies: number[] = [];
  readonly #failures: string[] = [];

  get decided(): number {
    return this.#latencies.length;
  }

  get done(): number {
    return this.decided + this.#failures.length;
  }

  get failures(): readonly string[] {
    return this.#failures;
  }

  get rate(): number {
    return (this.decided * 1_000) / (performance.now() - this.#began);
  }

  /** From now on it is shopped. */
  begin(): void {
    this.#began = performance.now();
  }

  add({ status, reason }: OrderView, ms: number): void {
    const outcome = reason === undefined ? status : `${status}: ${reason}`;
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1);
    this.#latencies.push(ms);
  }

  fail(error: unknown): void {
    this.#failures.push(error instanceof Error ? error.message : String(error));
  }

  /** Outcomes in the order of the alphabet, which is that of their success. */
  rows(): [string, string][] {
    const outcomes = [...this.#outcomes].sort(([one], [other]) => (one < other ? -1 : 1));
    const sorted = [...this.#latencies].sort((one, other) => one - other);
    return [
      ...outcomes.map(([outcome, count]): [string, string] => [outcome, String(count)]),
      ...(this.#failures.length > 0 ? [['without an end', String(this.#failures.length)] as [string, string]] : []),
      ['p50, POST to final state', `${percentile(sorted, 0.5)} ms`],
      ['p99, POST to final state', `${percentile(sorted, 0.99)} ms`],
      ['rate', `${this.rate.toFixed(1)} orders/s`],
    ];
  }
}

const percentile = (sorted: readonly number[], share: number): string =>
  (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN).toFixed(0);
