import { collected, Durations, type Registry, type RequestContext } from '@ashlar/telemetry';

type Labels = Readonly<Record<'route' | 'method', string>>;

interface Series {
  readonly labels: Labels & { readonly status: string };
  readonly durations: ReturnType<Durations<'route' | 'method'>['of']>;
  count: number;
}

/** Requests by route, method and status, and how long they took: counted in place, made samples when they are read. */
export class RequestSeries {
  /** By route, method and status: a key of the three together would have to be made for each request. */
  readonly #series = new Map<string, Map<string, Map<number, Series>>>();
  readonly #all: Series[] = [];
  readonly #durations: Durations<'route' | 'method'>;

  constructor(registry: Registry) {
    collected(
      registry,
      { name: 'gateway_requests_total', help: 'Requests by route, method and status.', type: 'counter' },
      () => this.#all.map(({ labels, count }) => ({ labels, value: count })),
    );
    this.#durations = Durations.in(registry, {
      name: 'gateway_request_duration_seconds',
      help: 'Time from the request to the end of the answer.',
      labels: ['route', 'method'],
    });
  }

  add(labels: Labels, { status, seconds, context, atMs }: Answered): void {
    const series = this.#series.get(labels.route)?.get(labels.method)?.get(status) ?? this.#begin(labels, status);
    series.count += 1;
    series.durations.observe(seconds, context, atMs);
  }

  #begin({ route, method }: Labels, status: number): Series {
    const durations = this.#durations.of(route, method);
    const series = { labels: { route, method, status: String(status) }, durations, count: 0 };
    const ofRoute = this.#series.get(route) ?? new Map<string, Map<number, Series>>();
    const ofMethod = ofRoute.get(method) ?? new Map<number, Series>();
    this.#series.set(route, ofRoute.set(method, ofMethod.set(status, series)));
    this.#all.push(series);
    return series;
  }
}

interface Answered {
  readonly status: number;
  readonly seconds: number;
  readonly context: RequestContext | undefined;
  /** When the answer was whole, on the machine's own clock. */
  readonly atMs: number;
}
