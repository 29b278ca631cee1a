import { type EventLoopUtilization, monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { Registry } from 'prom-client';
import { collected, type Family, type Sample } from './collected.ts';

const WINDOW_MS = 10_000;
/** Each look wakes the process: fifty a second cost an idle one nothing that shows. */
const RESOLUTION_MS = 20;

/** How late the event loop was, and how busy, in the last whole window; until there is one, since the beginning. */
class EventLoopWatch {
  readonly #delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #began: EventLoopUtilization = performance.eventLoopUtilization();
  #last: ReturnType<EventLoopWatch['measure']> | undefined;

  constructor() {
    this.#delays.enable();
    setInterval(() => this.#turn(), WINDOW_MS).unref();
  }

  get recent() {
    return this.#last ?? this.measure();
  }

  measure() {
    const seconds = (nanoseconds: number): number => Math.max(0, (nanoseconds || 0) / 1e9 - RESOLUTION_MS / 1e3);
    const { utilization } = performance.eventLoopUtilization(this.#began);
    return {
      p50: seconds(this.#delays.percentile(50)),
      p99: seconds(this.#delays.percentile(99)),
      max: seconds(this.#delays.max),
      utilization,
    };
  }

  #turn(): void {
    this.#last = this.measure();
    this.#delays.reset();
    this.#began = performance.eventLoopUtilization();
  }
}

let watch: EventLoopWatch | undefined;

/** What a process tells of itself. There is one event loop, and one watch of it, however many services share it. */
export function processMetrics(registry: Registry): void {
  watch ??= new EventLoopWatch();
  const loop = watch;
  for (const [family, read] of families(loop)) collected(registry, family, read);
}

const one = (value: number): readonly Sample[] => [{ labels: {}, value }];

const families = (loop: EventLoopWatch): readonly (readonly [Family, () => readonly Sample[]])[] => [
  [
    gauge('nodejs_eventloop_delay_p50_seconds', 'Half of the timers of the last ten seconds were later than this.'),
    () => one(loop.recent.p50),
  ],
  [
    gauge('nodejs_eventloop_delay_p99_seconds', 'One in a hundred timers of the last ten seconds was later than this.'),
    () => one(loop.recent.p99),
  ],
  [
    gauge('nodejs_eventloop_delay_max_seconds', 'The latest timer of the last ten seconds.'),
    () => one(loop.recent.max),
  ],
  [
    gauge('nodejs_eventloop_utilization_ratio', 'The share of the last ten seconds in which the event loop was busy.'),
    () => one(loop.recent.utilization),
  ],
  [
    counter('nodejs_eventloop_time_seconds_total', 'Time in which the event loop was busy, and in which it waited.'),
    loopTimes,
  ],
  [
    counter('process_cpu_seconds_total', 'CPU of the process, its own and the system’s on its behalf.'),
    () => {
      const { user, system } = process.cpuUsage();
      return one((user + system) / 1e6);
    },
  ],
  [gauge('process_resident_memory_bytes', 'Memory of the process.'), () => one(process.memoryUsage.rss())],
  [gauge('nodejs_heap_used_bytes', 'Memory of living objects.'), () => one(process.memoryUsage().heapUsed)],
  [
    gauge('process_start_time_seconds', 'When the process began, since 1970.'),
    () => one(performance.timeOrigin / 1_000),
  ],
];

function loopTimes(): readonly Sample[] {
  const { active, idle } = performance.eventLoopUtilization();
  return [
    { labels: { state: 'active' }, value: active / 1_000 },
    { labels: { state: 'idle' }, value: idle / 1_000 },
  ];
}

const gauge = (name: string, help: string): Family => ({ name, help, type: 'gauge' });
const counter = (name: string, help: string): Family => ({ name, help, type: 'counter' });
