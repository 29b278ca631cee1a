import { AsyncLocalStorage } from 'node:async_hooks';
import type { Timers } from '@ashlar/domain';
import { formatTraceparent, parseTraceparent, runInContext, type TraceContext, type Tracing } from '@ashlar/telemetry';
import type { Job, JobAttempt, PgBoss } from 'pg-boss';
import type { JobTable } from './job-table.ts';
import { type AttemptObserver, type FailedAttempt, GiveUp, type JobRun } from './jobs.ts';
import { type Ended, Settlement } from './settlement.ts';
import { contextOf, type StoredJob } from './stored-job.ts';

export interface WorkerOptions {
  readonly name: string;
  readonly concurrency: number;
  readonly perSecond: number;
  readonly perform: (data: object, run: JobRun) => Promise<void>;
  readonly boss: PgBoss;
  readonly table: JobTable;
  readonly tracing: Tracing;
  readonly timers: Timers;
  readonly onError: (error: unknown) => void;
  readonly onFailedAttempt: (failure: FailedAttempt) => void;
  readonly begins: AttemptObserver;
}

type Failed = Required<Pick<Ended, 'error' | 'failedIn'>>;

/** A job of ours, from its fetch until its end is written down. */
interface Claim {
  readonly attempt: JobAttempt;
  readonly lost: AbortController;
  readonly settled: Promise<void>;
  readonly settle: () => void;
}

/**
 * Fetches the jobs of one queue and does each in a slot of its own. pg-boss's own worker waits for the slowest of a
 * batch before it fetches again; here a slot that comes free is filled, whatever the others do.
 */
export class QueueWorker {
  readonly #options: WorkerOptions;
  #settlement: Settlement;
  readonly #claims = new Map<string, Claim>();
  /** Whoever pokes us may be in a transaction or a trace of his own: neither is the jobs' business. */
  readonly #outside = AsyncLocalStorage.snapshot();
  #busy = 0;
  #permits: number;
  #stopped = true;
  /** Whether there may be jobs that we have not fetched. */
  #more = false;
  #fetching: Promise<void> | undefined;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#permits = options.perSecond;
    this.#settlement = new Settlement(options);
  }

  start(): void {
    this.#settlement = new Settlement(this.#options);
    this.#stopped = false;
    this.poke();
  }

  /** There may be work. */
  poke(): void {
    this.#more = true;
    this.#fill();
  }

  /** Shows the other processes that this one is alive, and finds out which of its jobs they have taken all the same. */
  async touch(): Promise<void> {
    const claims = [...this.#claims.values()];
    if (claims.length === 0) return;
    const { settled } = (await this.#options.boss.touch(
      this.#options.name,
      claims.map((claim) => claim.attempt),
    )) as { settled?: string[] };
    const ours = new Set(settled);
    for (const claim of claims) if (settled && !ours.has(claim.attempt.id)) this.#loseUnlessSettled(claim);
  }

  /** Lets the running jobs finish until `deadline`, then gives back what is left. */
  async stop(deadline: Promise<void>): Promise<void> {
    this.#stopped = true;
    await Promise.race([deadline, this.#fetching]);
    await Promise.race([deadline, Promise.all([...this.#claims.values()].map((claim) => claim.settled))]);
    this.#settlement.close();
    const left = [...this.#claims.values()];
    if (left.length === 0) return;
    await this.#options.table.release(
      this.#options.name,
      left.map((claim) => claim.attempt),
    );
    for (const { lost } of left) lost.abort(new Error('The process is being stopped.'));
  }

  get #room(): number {
    return this.#stopped ? 0 : Math.min(this.#options.concurrency - this.#busy, this.#permits);
  }

  #fill(): void {
    if (this.#fetching || !this.#more || this.#room <= 0) return;
    this.#fetching = this.#outside(() => this.#fetch()).finally(() => {
      this.#fetching = undefined;
      this.#fill();
    });
  }

  async #fetch(): Promise<void> {
    this.#more = false;
    const room = this.#room;
    try {
      const jobs = await this.#options.boss.fetch<StoredJob>(this.#options.name, { batchSize: room });
      if (jobs.length === room) this.#more = true;
      for (const job of jobs) void this.#run(job);
    } catch (error) {
      this.#options.onError(error);
    }
  }

  async #run(job: Job<StoredJob>): Promise<void> {
    const claim = this.#claim(job);
    this.#busy++;
    this.#takePermit();
    const failed = await this.#attempt(job.data, claim);
    this.#busy--;
    this.#settlement.add({ claim: claim.attempt, ...failed, settled: claim.settle });
    this.#fill();
  }

  #claim({ id, retryCount }: Job<StoredJob>): Claim {
    const { promise, resolve } = Promise.withResolvers<void>();
    const settle = () => {
      if (this.#claims.get(id) === claim) this.#claims.delete(id);
      resolve();
    };
    const claim = { attempt: { id, retryCount }, lost: new AbortController(), settled: promise, settle };
    this.#claims.get(id)?.lost.abort(new Error('This attempt was given up for dead and has begun anew.'));
    this.#claims.set(id, claim);
    return claim;
  }

  async #attempt(job: StoredJob, { attempt: { id, retryCount }, lost }: Claim): Promise<Failed | undefined> {
    const { name, tracing, onFailedAttempt } = this.#options;
    const attempt = retryCount + 1;
    const attributes = { 'job.id': job.id, 'job.attempt': attempt };
    const before = retryCount > 0 ? await this.#failedBefore(id) : undefined;
    const links = before && { links: [before] };
    const span = tracing.begin({ name: `job ${name}`, kind: 'consumer', attributes, ...links }, contextOf(job));
    try {
      await runInContext(span.context, () => this.#observed(job, { attempt, signal: lost.signal }));
      span.end();
      return undefined;
    } catch (thrown) {
      span.end(thrown);
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      onFailedAttempt({ queue: name, id: job.id, attempt, error, givenUp: error instanceof GiveUp });
      return { error, failedIn: formatTraceparent(span.context.trace) };
    }
  }

  /** A run whose process died has left no word of itself; and without a link the job runs all the same. */
  async #failedBefore(id: string): Promise<TraceContext | undefined> {
    const { name, table, onError } = this.#options;
    try {
      return parseTraceparent(await table.failedIn(name, id));
    } catch (error) {
      onError(error);
      return undefined;
    }
  }

  async #observed({ id, data }: StoredJob, run: Omit<JobRun, 'id'>): Promise<void> {
    const { name, perform, begins } = this.#options;
    const ended = begins(name);
    try {
      await perform(data, { id, ...run });
      ended();
    } catch (error) {
      ended(error);
      throw error;
    }
  }

  /** A permit comes back a second after its use, so that no second holds more of them than there are. */
  #takePermit(): void {
    if (this.#permits === Number.POSITIVE_INFINITY) return;
    this.#permits--;
    this.#options.timers.once(1_000, () => {
      this.#permits++;
      this.#fill();
    });
  }

  #loseUnlessSettled(claim: Claim): void {
    if (this.#claims.get(claim.attempt.id) !== claim) return;
    claim.lost.abort(new Error('The job was taken over by another process.'));
    claim.settle();
  }
}
