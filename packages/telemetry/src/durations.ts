import type { Registry } from 'prom-client';
import { collected, type Exemplar, type Sample } from './collected.ts';
import { currentContext, type RequestContext } from './request-context.ts';

export interface DurationsOptions<Label extends string> {
  readonly name: string;
  readonly help: string;
  /** Whose values are bounded: routes and not paths, queues and not ids. */
  readonly labels: readonly Label[];
}

const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/**
 * A histogram of durations. It is counted in place and made samples when it is read: looking labels up for each
 * observation cost more than all the rest of counting. Each bucket names the last sampled trace that fell into it.
 */
export class Durations<Label extends string> {
  readonly #series = new Map<string, DurationSeries>();

  /** The family of this name, made on its first use: all servers that share a registry count in it. */
  static in<Label extends string>(registry: Registry, options: DurationsOptions<Label>): Durations<Label> {
    const families = FAMILIES.get(registry) ?? new Map<string, Durations<string>>();
    FAMILIES.set(registry, families);
    const family = families.get(options.name) ?? new Durations(registry, options);
    families.set(options.name, family as Durations<string>);
    return family as Durations<Label>;
  }

  private constructor(
    registry: Registry,
    private readonly options: DurationsOptions<Label>,
  ) {
    const { name, help } = options;
    collected(registry, { name, help, type: 'histogram' }, () =>
      [...this.#series.values()].flatMap((series) => series.samples(name)),
    );
  }

  /** The series of these values, in the order of the labels. */
  of(...values: readonly string[]): DurationSeries {
    const key = values.length === 1 ? values[0]! : values.join('\n');
    let series = this.#series.get(key);
    if (!series) {
      series = new DurationSeries(Object.fromEntries(this.options.labels.map((label, at) => [label, values[at]!])));
      this.#series.set(key, series);
    }
    return series;
  }
}

const FAMILIES = new WeakMap<Registry, Map<string, Durations<string>>>();

export class DurationSeries {
  /** How many fell into each bucket; the last is for what was longer than all of them. */
  readonly #counts = new Array<number>(BUCKETS.length + 1).fill(0);
  readonly #examples = new Array<Example | undefined>(BUCKETS.length + 1);
  #sum = 0;

  constructor(private readonly labels: Readonly<Record<string, string>>) {}

  /** `atMs`: on the machine's own clock, for who has just looked at it. */
  observe(seconds: number, context: RequestContext | undefined = currentContext(), atMs = performance.now()): void {
    let bucket = 0;
    while (bucket < BUCKETS.length && seconds > BUCKETS[bucket]!) bucket += 1;
    this.#counts[bucket]! += 1;
    this.#sum += seconds;
    if (context?.trace.sampled) this.#examples[bucket] = { context, seconds, atMs };
  }

  samples(name: string): readonly Sample[] {
    const { labels } = this;
    let total = 0;
    const buckets = this.#counts.map((count, at) => {
      total += count;
      const example = this.#examples[at];
      const sample = { metricName: `${name}_bucket`, labels: { ...labels, le: BUCKETS[at] ?? '+Inf' }, value: total };
      return example ? { ...sample, exemplar: exemplarOf(example) } : sample;
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels, value: this.#sum },
      { metricName: `${name}_count`, labels, value: total },
    ];
  }
}

/** A sampled observation; made an exemplar when somebody reads it. */
interface Example {
  readonly context: RequestContext;
  readonly seconds: number;
  readonly atMs: number;
}

const exemplarOf = ({ context: { trace }, seconds, atMs }: Example): Exemplar => ({
  labelSet: { trace_id: trace.traceId, span_id: trace.spanId },
  value: seconds,
  timestamp: (performance.timeOrigin + atMs) / 1_000,
});
