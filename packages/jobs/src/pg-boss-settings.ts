import type { ConstructorOptions, PgBoss, QueueOptions as PgBossQueueOptions } from 'pg-boss';
import type { QueueOptions } from './jobs.ts';

export const SCHEMA = 'jobs';

const FOR_EVER = 2 ** 31 - 1;
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const YEAR = 365 * 24 * HOUR;

/** pg-boss without what we do not use, on three connections. */
export function bossOptions(url: string): ConstructorOptions {
  const pool = { keepAlive: true, keepAliveInitialDelayMillis: 5_000, query_timeout: 30_000 };
  return {
    ...pool,
    connectionString: url,
    // A claim or an end that a crash of the database server forgets is a job that runs again, no worse.
    options: '-c synchronous_commit=off',
    max: 3,
    connectionTimeoutMillis: 5_000,
    schema: SCHEMA,
    schedule: false,
    registerInstance: false,
    reindex: false,
    monitorVacuum: false,
    maintenanceIntervalSeconds: 10 * MINUTE,
  };
}

/** `exclusive`: one job at most with the same business id, waiting or running. */
const POLICY = 'exclusive';

const toPgBoss = ({ retryEveryMs = 1_000, retryAtMostEveryMs = 60_000 }: QueueOptions) =>
  ({
    retryLimit: FOR_EVER,
    retryBackoff: true,
    retryDelay: wholeSeconds(retryEveryMs),
    retryDelayMax: Math.max(wholeSeconds(retryEveryMs), wholeSeconds(retryAtMostEveryMs)),
    // Waiting jobs are never swept away, however long the outside world stays silent; finished ones soon are.
    retentionSeconds: 10 * YEAR,
    deleteAfterSeconds: HOUR,
    // Who has died is seen by the heartbeat; this is for the handler that never comes back.
    expireInSeconds: HOUR,
  }) satisfies PgBossQueueOptions;

const wholeSeconds = (ms: number): number => Math.max(1, Math.round(ms / 1_000));

/** Creates the queue, or brings its settings up to date. */
export async function ensureQueue(boss: PgBoss, options: QueueOptions): Promise<void> {
  const wanted = toPgBoss(options);
  const found = await boss.getQueue(options.name);
  if (!found) return boss.createQueue(options.name, { ...wanted, policy: POLICY });
  const current: PgBossQueueOptions = found;
  const same = (Object.keys(wanted) as (keyof typeof wanted)[]).every((key) => current[key] === wanted[key]);
  if (!same) await boss.updateQueue(options.name, wanted);
}
