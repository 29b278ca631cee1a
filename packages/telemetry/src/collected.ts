import type { Histogram, Registry } from 'prom-client';

/** One number of a family, as of the moment in which somebody asks. */
export interface Sample {
  /** Where it is not the family's: `…_bucket`, `…_sum`, `…_count`. */
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  readonly exemplar?: Exemplar;
}

/** A trace in which the number can be looked at. */
export interface Exemplar {
  readonly labelSet: { readonly trace_id: string; readonly span_id: string };
  readonly value: number;
  /** Seconds since 1970. */
  readonly timestamp: number;
}

export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
}

/** A family whose numbers are kept elsewhere: the registry's types know only metrics that keep their own. */
export function collected(registry: Registry, family: Family, samples: () => readonly Sample[]): void {
  const metric = { ...family, get: async () => ({ ...family, values: samples(), aggregator: 'sum' }) };
  registry.registerMetric(metric as unknown as Histogram);
}
