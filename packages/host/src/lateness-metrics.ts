import type { Clock } from '@ashlar/domain';
import type { QueueCounts } from '@ashlar/jobs';
import type { Consumer, Lateness } from '@ashlar/messaging';
import type { Projection, ProjectionStatus } from '@ashlar/projection';
import { Gauge, type Telemetry } from '@ashlar/telemetry';
import type { HostedSagas } from './service.ts';

export interface LateParts {
  readonly lateness: Lateness;
  readonly consumers: readonly Consumer[];
  readonly projections: readonly Projection[];
  readonly sagas: HostedSagas | undefined;
  readonly clock: Clock;
}

/** How far a consumer is behind: what it has received or set aside, and not handled yet. */
export interface ConsumerLag {
  readonly consumer: string;
  readonly lag: number;
  readonly lagMs: number;
  readonly parkedKeys: number;
  /** The types of messages to which it reacts whatever they say. */
  readonly handles: readonly string[];
}

export async function consumerLags({ lateness, consumers, clock }: LateParts): Promise<ConsumerLag[]> {
  const parked = new Map((await lateness.parked()).map((count) => [count.consumer, count]));
  return consumers.map(({ name, late, handles }) => {
    const aside = parked.get(name);
    const times = [late.since, aside?.since].flatMap((time) => (time === undefined ? [] : [Date.parse(time)]));
    return {
      consumer: name,
      lag: late.messages + (aside?.messages ?? 0),
      lagMs: times.length === 0 ? 0 : Math.max(0, clock.now().getTime() - Math.min(...times)),
      parkedKeys: aside?.keys ?? 0,
      handles,
    };
  });
}

/** How far read models are behind; one that is fed by messages, as far as its consumer. */
export async function projectionStatuses(parts: LateParts): Promise<ProjectionStatus[]> {
  if (parts.projections.length === 0) return [];
  const lags = new Map((await consumerLags(parts)).map((lag) => [lag.consumer, lag]));
  const statuses = await Promise.all(parts.projections.map((projection) => projection.status()));
  return statuses.map((status) => {
    const { lag, lagMs } = lags.get(status.name) ?? status;
    return { ...status, lag, lagMs };
  });
}

type Sample = readonly [value: number, labels?: Readonly<Record<string, string>>];

interface GaugeOptions {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
  readonly read: () => Promise<readonly Sample[]>;
}

interface MeasuredParts extends LateParts {
  readonly jobCounts: () => Promise<readonly QueueCounts[]>;
}

/** Late is visible: how much waits where, and for how long, as of the moment in which somebody asks. */
export function latenessMetrics(parts: MeasuredParts, { metrics }: Telemetry): void {
  const families = [outboxGauges, consumerGauges, projectionGauges, sagaGauges, jobGauges];
  for (const gauge of families.flatMap((gaugesOf) => gaugesOf(parts))) register(gauge, metrics);
}

function outboxGauges({ lateness }: LateParts): GaugeOptions[] {
  const unpublished = atOnce(() => lateness.unpublished());
  return [
    {
      name: 'outbox_unpublished',
      help: 'Outbox rows not published yet.',
      read: async () => [[(await unpublished()).messages]],
    },
    {
      name: 'outbox_age_seconds',
      help: 'Age of the oldest unpublished outbox row.',
      read: async () => [[(await unpublished()).oldestSeconds]],
    },
  ];
}

function consumerGauges(parts: LateParts): GaugeOptions[] {
  const lags = atOnce(() => consumerLags(parts));
  const gauge = (name: string, help: string, value: (lag: ConsumerLag) => number): GaugeOptions => ({
    name,
    help,
    labels: ['consumer'],
    read: async () => (await lags()).map((lag) => [value(lag), { consumer: lag.consumer }]),
  });
  return [
    gauge('consumer_lag_messages', 'Messages not handled yet.', ({ lag }) => lag),
    gauge('consumer_lag_seconds', 'Age of the oldest message not handled yet.', ({ lagMs }) => lagMs / 1_000),
    gauge('parked_keys', 'Keys in the parking lot.', ({ parkedKeys }) => parkedKeys),
  ];
}

function projectionGauges(parts: LateParts): GaugeOptions[] {
  const statuses = atOnce(() => projectionStatuses(parts));
  const gauge = (name: string, help: string, value: (status: ProjectionStatus) => number): GaugeOptions => ({
    name,
    help,
    labels: ['projection'],
    read: async () => (await statuses()).map((status) => [value(status), { projection: status.name }]),
  });
  return [
    gauge('projection_lag', 'Events or messages not taken in yet.', ({ lag }) => lag),
    gauge('projection_lag_seconds', 'Age of the oldest one not taken in yet.', ({ lagMs }) => lagMs / 1_000),
  ];
}

function sagaGauges({ sagas }: LateParts): GaugeOptions[] {
  if (!sagas) return [];
  const counts = atOnce(() => sagas.runtime.counts());
  return [
    {
      name: 'sagas_running',
      help: 'Sagas on their way, forwards or back.',
      read: async () => [[(await counts()).running]],
    },
    { name: 'sagas_stuck', help: 'Sagas that cannot go on.', read: async () => [[(await counts()).stuck]] },
  ];
}

function jobGauges({ jobCounts }: MeasuredParts): GaugeOptions[] {
  const counts = atOnce(jobCounts);
  const gauge = (name: string, help: string, value: (counts: QueueCounts) => number): GaugeOptions => ({
    name,
    help,
    labels: ['queue'],
    read: async () => (await counts()).map((one) => [value(one), { queue: one.queue }]),
  });
  return [
    gauge('jobs_open', 'Jobs that wait, run, or will be tried again.', ({ open }) => open),
    gauge('jobs_failed', 'Jobs that were given up, and are still kept.', ({ failed }) => failed),
  ];
}

function register({ name, help, labels = [], read }: GaugeOptions, metrics: Telemetry['metrics']): void {
  const gauge: Gauge = new Gauge({
    name,
    help,
    labelNames: [...labels],
    registers: [metrics],
    async collect() {
      const samples = await read();
      gauge.reset();
      for (const [value, sampleLabels = {}] of samples) gauge.set(sampleLabels, value);
    },
  });
}

/** All gauges of one scrape are read together: whoever asks while an answer is on its way gets the same one. */
function atOnce<T>(read: () => Promise<T>): () => Promise<T> {
  let reading: Promise<T> | undefined;
  return () => {
    reading ??= read().finally(() => {
      reading = undefined;
    });
    return reading;
  };
}
