import { type Stop, systemTimers, type Timers } from '@ashlar/domain';
import type { Database } from '@ashlar/postgres';
import type { Tracing } from '@ashlar/telemetry';
import { PgBoss } from 'pg-boss';
import { EnqueueBuffer } from './enqueue-buffer.ts';
import { JobTable } from './job-table.ts';
import type {
  AttemptObserver,
  FailedAttempt,
  FailedJob,
  JobHandler,
  JobQueue,
  Jobs,
  NewJob,
  QueueCounts,
  QueueOptions,
  StartOptions,
} from './jobs.ts';
import { bossOptions, ensureQueue, SCHEMA } from './pg-boss-settings.ts';
import { QueueWorker } from './queue-worker.ts';
import { toStored } from './stored-job.ts';

export interface JobsOptions {
  /** The service's own database, the same that `db` is connected to. */
  readonly url: string;
  readonly db: Database;
  readonly tracing: Tracing;
  /** Told of what goes wrong outside of a handler: the database away, say. It comes back by itself. */
  readonly onError: (error: Error) => void;
  /** Told of each failed attempt of a job. */
  readonly onFailedAttempt?: (failure: FailedAttempt) => void;
  /** Sees how long each run of a job takes. */
  readonly begins?: AttemptObserver;
  readonly timers?: Timers;
}

/** The safety net: for jobs of other processes, for delayed ones and for second attempts. */
const POLL_MS = 500;
const HEARTBEAT_MS = 1_000;
/** A job whose process has not been heard of for this long is another's. */
const SILENT_MS = 4_000;
const STOP_MS = 10_000;
const MOST_FAILED = 1_000;

export const createJobs = (options: JobsOptions): Jobs => new PgBossJobs(options);

class PgBossJobs implements Jobs {
  readonly #options: JobsOptions;
  readonly #timers: Timers;
  readonly #boss: PgBoss;
  readonly #table: JobTable;
  readonly #queues = new Map<string, QueueOptions>();
  readonly #workers = new Map<string, QueueWorker>();
  #running: Stop[] = [];
  #stopped = false;
  readonly #reported = new Set<string>();
  #heartbeatsInARow = 0;

  constructor(options: JobsOptions) {
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
    this.#boss = new PgBoss(bossOptions(options.url));
    this.#boss.on('error', this.#report);
    this.#table = new JobTable(this.#boss, SCHEMA);
  }

  queue<Data extends object>(options: QueueOptions, handler: JobHandler<Data>): JobQueue<Data> {
    const { name } = options;
    if (this.#queues.has(name)) throw new Error(`The queue ${name} is declared twice.`);
    this.#queues.set(name, options);
    const worker = new QueueWorker({
      name,
      concurrency: options.concurrency ?? 8,
      perSecond: options.perSecond ?? Number.POSITIVE_INFINITY,
      perform: (data, run) => handler(data as Data, run),
      boss: this.#boss,
      table: this.#table,
      tracing: this.#options.tracing,
      timers: this.#timers,
      onError: this.#report,
      onFailedAttempt: this.#failed,
      begins: this.#options.begins ?? (() => () => {}),
    });
    this.#workers.set(name, worker);
    return { name, enqueue: (job) => this.#enqueue(name, job) };
  }

  async start({ aloneForMs = () => SILENT_MS }: StartOptions = {}): Promise<void> {
    await this.#boss.start();
    for (const options of this.#queues.values()) await ensureQueue(this.#boss, options);
    this.#heartbeatsInARow = SILENT_MS / HEARTBEAT_MS;
    await this.#beat(Math.min(aloneForMs(), SILENT_MS));
    for (const worker of this.#workers.values()) worker.start();
    this.#running = [
      this.#timers.every(POLL_MS, async () => this.#pokeAll(), this.#report),
      this.#timers.every(HEARTBEAT_MS, () => this.#beat(), this.#report),
    ];
  }

  async stop(): Promise<void> {
    const [poll, beat] = this.#running;
    poll?.();
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#timers.once(STOP_MS, resolve);
    const stopped = await Promise.allSettled([...this.#workers.values()].map((worker) => worker.stop(promise)));
    for (const one of stopped) if (one.status === 'rejected') this.#report(one.reason);
    cancel();
    beat?.();
    this.#running = [];
    this.#stopped = true;
    await this.#boss.stop({ graceful: false });
  }

  async failed(): Promise<FailedJob[]> {
    return this.#table.failed([...this.#queues.keys()], MOST_FAILED);
  }

  async counts(): Promise<QueueCounts[]> {
    return this.#running.length === 0 ? [] : this.#table.counts([...this.#queues.keys()]);
  }

  async #enqueue(queue: string, job: NewJob<object>): Promise<void> {
    const { db } = this.#options;
    if (!db.inTransaction) return db.transaction(() => this.#enqueue(queue, job));
    const buffer = db.buffer(this, () => new EnqueueBuffer(this.#boss, (name) => this.#workers.get(name)?.poke()));
    buffer.add({ queue, stored: toStored(job.id, job.data), afterMs: job.afterMs ?? 0 });
  }

  #pokeAll(): void {
    for (const worker of this.#workers.values()) worker.poke();
  }

  /**
   * First shows that this process is alive, then looks for those that are not. After an outage of the database nobody
   * has been heard of for a while: everybody first gets the time to show up.
   */
  async #beat(silentMs = SILENT_MS): Promise<void> {
    try {
      for (const worker of this.#workers.values()) await worker.touch();
      this.#heartbeatsInARow++;
      if (this.#heartbeatsInARow <= SILENT_MS / HEARTBEAT_MS) return;
      const queues = await this.#table.reclaim([...this.#workers.keys()], silentMs);
      for (const queue of queues) this.#workers.get(queue)?.poke();
      this.#reported.clear();
    } catch (error) {
      this.#heartbeatsInARow = 0;
      throw error;
    }
  }

  readonly #failed = (failure: FailedAttempt): void => {
    try {
      this.#options.onFailedAttempt?.(failure);
    } catch (error) {
      this.#report(error);
    }
  };

  /** An outage is reported once, not twice a second. */
  readonly #report = (thrown: unknown): void => {
    const error = thrown instanceof Error ? thrown : toError(thrown);
    if (this.#stopped || this.#reported.has(error.message)) return;
    this.#reported.add(error.message);
    this.#options.onError(error);
  };
}

/** pg-boss emits copies of errors: plain objects with a message. */
function toError(thrown: unknown): Error {
  const message = typeof thrown === 'object' && thrown !== null && 'message' in thrown ? thrown.message : thrown;
  return new Error(String(message), { cause: thrown });
}
