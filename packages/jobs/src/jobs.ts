/** A service's durable background jobs. */
export interface Jobs {
  /** Declares a queue and what is done with its jobs; before `start`. */
  queue<Data extends object>(options: QueueOptions, handler: JobHandler<Data>): JobQueue<Data>;
  /** Creates what is missing in the database and begins to work. */
  start(options?: StartOptions): Promise<void>;
  /** Takes no more jobs, lets the running ones finish (10 s), and leaves the rest for the next start. */
  stop(): Promise<void>;
  /** The jobs that were given up, the latest first. */
  failed(): Promise<FailedJob[]>;
  /** How many jobs each declared queue holds, whichever process enqueued them; empty unless between start and stop. */
  counts(): Promise<QueueCounts[]>;
}

export interface StartOptions {
  /**
   * For how long nobody else can have been doing these jobs, where that is known: what was being done before is left by
   * the dead, and runs again at once.
   */
  readonly aloneForMs?: () => number;
}

export interface JobQueue<Data extends object> {
  readonly name: string;
  /**
   * Inside `db.transaction`: part of that transaction, gone if it rolls back. Outside: at once. The same id again,
   * while its job waits or runs, is the same job; after its end it is a new one.
   */
  enqueue(job: NewJob<Data>): Promise<void>;
}

export interface NewJob<Data extends object> {
  /** The business id: the order, the shipment. */
  readonly id: string;
  readonly data: Data;
  /** How long it is to wait before its first run. */
  readonly afterMs?: number;
}

/** Does one job, perhaps not for the first time: it must be idempotent by `id`. Throwing means "again later". */
export type JobHandler<Data extends object> = (data: Data, run: JobRun) => Promise<void>;

export interface JobRun {
  /** The business id that it was enqueued with. */
  readonly id: string;
  /** 1 the first time. */
  readonly attempt: number;
  /** Aborted when `stop` can wait no longer; the job then runs again after the next start. */
  readonly signal: AbortSignal;
}

export interface QueueOptions {
  readonly name: string;
  /** The pause after the first failure; it doubles with each one. Whole seconds; 1 s by default. */
  readonly retryEveryMs?: number;
  /** The longest pause; 60 s by default. */
  readonly retryAtMostEveryMs?: number;
  /** How many jobs this process does at a time; 8 by default. */
  readonly concurrency?: number;
  /** How many jobs this process begins in a second, at most. */
  readonly perSecond?: number;
}

export interface FailedJob {
  readonly queue: string;
  readonly id: string;
  readonly data: unknown;
  readonly error: string;
  readonly attempts: number;
  readonly failedAt: Date;
}

export interface QueueCounts {
  readonly queue: string;
  /** Waiting, running, or to be tried again. */
  readonly open: number;
  /** Given up, and still kept. */
  readonly failed: number;
}

/** One run of a job that did not succeed. */
export interface FailedAttempt {
  readonly queue: string;
  readonly id: string;
  readonly attempt: number;
  readonly error: Error;
  /** Whether it was the last one. */
  readonly givenUp: boolean;
}

/** Hears of each run of a job as it begins, inside its span; what it answers hears how the run has ended. */
export type AttemptObserver = (queue: string) => (failure?: unknown) => void;

/** Thrown by a handler to end its job as failed: trying again would be useless. */
export class GiveUp extends Error {
  override readonly name = 'GiveUp';
}
