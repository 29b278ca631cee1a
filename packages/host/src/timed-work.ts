import type { AttemptObserver } from '@ashlar/jobs';
import type { ConsumerObserver } from '@ashlar/messaging';
import { Durations, type Telemetry } from '@ashlar/telemetry';

/** How long messages and jobs take, tries that fail included, by consumer and queue. */
export const timedMessages = ({ metrics }: Telemetry): NonNullable<ConsumerObserver['begins']> =>
  timed(
    Durations.in(metrics, {
      name: 'messaging_process_duration_seconds',
      help: 'Time to handle a message, one for each try, by how the try has ended.',
      labels: ['consumer', 'outcome'],
    }),
  );

export const timedJobs = ({ metrics }: Telemetry): AttemptObserver =>
  timed(
    Durations.in(metrics, {
      name: 'job_duration_seconds',
      help: 'Time of a run of a job, by how it has ended.',
      labels: ['queue', 'outcome'],
    }),
  );

const timed = (durations: Durations<string>) => (whose: string) => {
  const startedAt = performance.now();
  return (failure?: unknown): void =>
    durations.of(whose, failure === undefined ? 'handled' : 'failed').observe((performance.now() - startedAt) / 1_000);
};
