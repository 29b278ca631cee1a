import type { JobAttempt, PgBoss } from 'pg-boss';
import type { FailedJob, QueueCounts } from './jobs.ts';
import type { StoredJob } from './stored-job.ts';

interface FailedRow {
  readonly queue: string;
  readonly data: StoredJob;
  readonly output: { readonly message?: string } | null;
  readonly attempts: number;
  readonly failedAt: Date;
}

/** Given-up jobs stay for this long: somebody is to look at them. */
const KEEP_FAILED_SECONDS = 90 * 24 * 60 * 60;

/** The few things that we want of pg-boss's table and that it has no call for. */
export class JobTable {
  readonly #boss: PgBoss;
  readonly #table: string;

  constructor(boss: PgBoss, schema: string) {
    this.#boss = boss;
    this.#table = `${schema}.job`;
  }

  /**
   * Makes the jobs of dead processes run again, at once: pg-boss's own heartbeat takes 10 s at the least, and then
   * adds the queue's back-off. `started_on` stays, so that the next claim counts as another attempt.
   */
  async reclaim(queues: readonly string[], silentForMs: number): Promise<string[]> {
    const rows = await this.#run<{ name: string }>(
      `update ${this.#table} set state = 'retry', start_after = now(), heartbeat_on = null
       where name = any($1) and state = 'active' and heartbeat_on < now() - $2 * interval '1 millisecond'
       returning name`,
      [queues, silentForMs],
    );
    return [...new Set(rows.map((row) => row.name))];
  }

  /** Gives unfinished jobs back, for the next start. */
  async release(queue: string, claims: readonly JobAttempt[]): Promise<void> {
    await this.#run(
      `update ${this.#table} j set state = 'retry', start_after = now(), heartbeat_on = null
       from unnest($2::uuid[], $3::int[]) as claim (id, retry_count)
       where j.name = $1 and j.state = 'active' and j.id = claim.id and j.retry_count = claim.retry_count`,
      [queue, claims.map((claim) => claim.id), claims.map((claim) => claim.retryCount)],
    );
  }

  /** Ends a job as failed, whatever attempts it has left. */
  async giveUp(queue: string, claim: JobAttempt, output: object): Promise<void> {
    await this.#run(
      `update ${this.#table} set state = 'failed', completed_on = now(), output = $4, deletion_seconds = $5
       where name = $1 and id = $2 and state = 'active' and retry_count = $3`,
      [queue, claim.id, claim.retryCount, JSON.stringify(output), KEEP_FAILED_SECONDS],
    );
  }

  /** In which span the last run of a job that failed did so, as a traceparent. */
  async failedIn(queue: string, id: string): Promise<string | undefined> {
    const [row] = await this.#run<{ failedIn: string | null }>(
      `select output->>'failedIn' as "failedIn" from ${this.#table} where name = $1 and id = $2`,
      [queue, id],
    );
    return row?.failedIn ?? undefined;
  }

  async failed(queues: readonly string[], limit: number): Promise<FailedJob[]> {
    const rows = await this.#run<FailedRow>(
      `select name as queue, data, output, retry_count + 1 as attempts, completed_on as "failedAt"
       from ${this.#table} where name = any($1) and state = 'failed' order by completed_on desc limit $2`,
      [queues, limit],
    );
    return rows.map(({ data, output, ...row }) => ({
      ...row,
      id: data.id,
      data: data.data,
      error: output?.message ?? 'unknown',
    }));
  }

  /** Answered also for queues that hold nothing: a figure that is not told cannot be told from an outage. */
  async counts(queues: readonly string[]): Promise<QueueCounts[]> {
    return this.#run<QueueCounts>(
      `select queue, count(*) filter (where j.state <= 'active')::int as open,
         count(*) filter (where j.state = 'failed')::int as failed
       from unnest($1::text[]) as queue left join ${this.#table} j on j.name = queue and j.state <> 'completed'
       group by queue order by queue`,
      [queues],
    );
  }

  async #run<Row>(sql: string, values: unknown[]): Promise<Row[]> {
    return (await this.#boss.getDb().executeSql(sql, values)).rows as Row[];
  }
}
