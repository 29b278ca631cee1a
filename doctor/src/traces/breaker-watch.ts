import type { SpanStore } from './span-store.ts';
import type { Hop } from './trace-tree.ts';

/** A caller that went on at full rate against a callee that failed. */
export interface UnbrokenRun {
  readonly from: string;
  readonly to: string;
  /** Failing calls after those that should have opened a breaker. */
  readonly after: number;
  readonly seconds: number;
  readonly traceId: string;
  readonly spanId: string;
}

/** An open breaker asks about once in this time whether the callee is back; who asks more often has none. */
const PROBE_EVERY_US = 1_000_000;
/** What fails faster than this was refused by the caller itself, and did not go out. */
const REFUSED_US = 500;

/** A call and whether it failed, in one number, since there are millions of them. */
const encoded = (row: number, isError: boolean): number => row * 2 + (isError ? 1 : 0);
const rowOf = (call: number): number => Math.floor(call / 2);
const hasFailed = (call: number): boolean => call % 2 === 1;

/**
 * Judges by the pattern of failures: after `failures` failing ones among twice as many calls a breaker is open, and a
 * callee that still fails is then asked only now and then.
 */
export class BreakerWatch {
  readonly #pairs = new Map<string, { from: string; to: string; errors: number; calls: number[] }>();

  constructor(
    private readonly spans: SpanStore,
    private readonly failures: number,
  ) {}

  /** A callee that fails because another one has failed is not the one to be spared. */
  saw({ from, to, row, answer }: Hop, failedBelow: ReadonlySet<number>): void {
    const { spans } = this;
    const isDerived = answer !== undefined && failedBelow.has(answer);
    const isError = !isDerived && (spans.isError(row) || (answer !== undefined && spans.isError(answer)));
    const key = `${from}\0${to}`;
    const known = this.#pairs.get(key) ?? { from, to, errors: 0, calls: [] };
    const wasRefused = isError && answer === undefined && spans.durationUs(row) < REFUSED_US;
    if (!wasRefused) known.calls.push(encoded(row, isError));
    if (isError) known.errors += 1;
    this.#pairs.set(key, known);
  }

  runs(): UnbrokenRun[] {
    return [...this.#pairs.values()].flatMap(({ from, to, errors, calls }) => {
      if (errors < 2 * this.failures) return [];
      calls.sort((one, other) => this.#startUs(one) - this.#startUs(other));
      const longest = this.#longest(calls);
      if (!longest) return [];
      const { after, us, row } = longest;
      const [traceId, spanId] = [this.spans.traceId(row), this.spans.spanId(row)];
      return [{ from, to, after, seconds: us / 1e6, traceId, spanId }];
    });
  }

  #startUs(call: number): number {
    return this.spans.startUs(rowOf(call));
  }

  /** The most failing calls while a breaker would have been open. */
  #longest(calls: readonly number[]): { after: number; us: number; row: number } | undefined {
    let best: { after: number; us: number; row: number } | undefined;
    let open: { call: number; after: number } | undefined;
    const recent: number[] = [];
    for (const call of calls) {
      recent.push(call);
      if (recent.length > 2 * this.failures) recent.shift();
      if (recent.filter(hasFailed).length < this.failures) {
        open = undefined;
        continue;
      }
      open ??= { call, after: 0 };
      if (hasFailed(call) && call !== open.call) open.after += 1;
      const us = this.#startUs(call) - this.#startUs(open.call);
      const isTooOften = open.after >= this.failures && us / open.after < PROBE_EVERY_US;
      if (isTooOften && open.after > (best?.after ?? 0)) best = { after: open.after, us, row: rowOf(open.call) };
    }
    return best;
  }
}
