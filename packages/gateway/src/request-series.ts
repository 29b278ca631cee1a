import { collected, Durations, type Registry, type RequestContext } from '@ashlar/telemetry';

type Labels = Readonly<Record<'route' | 'method', string>>;

interface Series {
  readonly labels: Labels & { readonly status: string };
  readonly durations: ReturnType<Durations<'route' | 'method'>['of']>;
  count: number;
}

/** Requests by route, method and status, and how long they took: counted in place, made samples when they are read. */
export class RequestSeries {
  readonly #series = new Map<string, Series>();
  readonly #durations: Durations<'route' | 'method'>;

  constructor(registry: Registry) {
    collected(
      registry,
      { name: 'gateway_requests_total', help: 'Requests by route, method and status.', type: 'counter' },
      () => [...this.#series.values()].map(({ labels, count }) => ({ labels, value: count })),
    );
    this.#durations = Durations.in(registry, {
      name: 'gateway_request_duration_seconds',
      help: 'Time from the request to the end of the answer.',
      labels: ['route', 'method'],
    });
  }

  add({ route, method }: Labels, { status, seconds, context }: Answered): void {
    const key = `${route} ${method} ${status}`;
    let series = this.#series.get(key);
    if (!series) {
      const durations = this.#durations.of(route, method);
      series = { labels: { route, method, status: String(status) }, durations, count: 0 };
      this.#series.set(key, series);
    }
    series.count += 1;
    series.durations.observe(seconds, context);
  }
}

interface Answered {
  readonly status: number;
  readonly seconds: number;
  readonly context: RequestContext | undefined;
}
