/** What one measurement has seen. */
export interface Round {
  readonly perSecond: number;
  readonly latenciesMs: readonly number[];
}

export interface Load {
  /** How many operations are in flight all the time. */
  readonly atOnce: number;
  readonly forMs: number;
}

/** A closed loop: each worker begins an operation when its last one has ended, until the time is over. */
export async function closedLoop(
  operation: (worker: number) => Promise<unknown>,
  { atOnce, forMs }: Load,
): Promise<Round> {
  const latenciesMs: number[] = [];
  const began = performance.now();
  const work = async (worker: number) => {
    for (let from = began; from - began < forMs; ) {
      await operation(worker);
      const now = performance.now();
      latenciesMs.push(now - from);
      from = now;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, (_, worker) => work(worker)));
  return { perSecond: (latenciesMs.length * 1_000) / (performance.now() - began), latenciesMs };
}

/** The value below which that share of all values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);
