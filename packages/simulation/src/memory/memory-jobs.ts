import type { Stop } from '@ashlar/domain';
import {
  type FailedJob,
  GiveUp,
  type JobHandler,
  type JobQueue,
  type Jobs,
  type NewJob,
  type QueueCounts,
  type QueueOptions,
} from '@ashlar/jobs';
import { RANK } from '@ashlar/postgres';
import { contextOrNew, type RequestContext, runInContext } from '@ashlar/telemetry';
import type { Instance } from '../instance.ts';
import { asJson } from './json.ts';
import { ChangeList, type MemoryWork } from './memory-work.ts';

interface KeptJob {
  readonly queue: string;
  readonly id: string;
  readonly data: object;
  /** What it is a consequence of. */
  readonly context: Pick<RequestContext, 'trace' | 'correlationId' | 'causationId'>;
  attempts: number;
  dueAt: number;
  /** The instance that is at it. */
  holder: Instance | undefined;
}

/** The jobs of one service that have not been done, and those that were given up. */
export class StoredJobs {
  readonly open = new Map<string, KeptJob>();
  readonly failed: FailedJob[] = [];
}

interface Declared {
  readonly options: QueueOptions;
  readonly handler: JobHandler<object>;
  /** How many of its jobs are running, here. */
  running: number;
  /** When each of them was begun, the last ones. */
  begunAt: number[];
}

const POLL_MS = 500;
/** Whoever has not been heard of for so long counts as dead. */
const SILENT_MS = 4_000;
const STOP_MS = 10_000;
const SECOND_MS = 1_000;

/** Jobs as pg-boss keeps them for us, on memory: at least once, again after a failure or the death of who was at it. */
export class MemoryJobs implements Jobs {
  readonly #queues = new Map<string, Declared>();
  readonly #running = new Map<KeptJob, { readonly abort: AbortController; readonly ended: Promise<void> }>();
  #stop: Stop = () => {};
  #isRunning = false;

  constructor(
    private readonly work: MemoryWork,
    private readonly stored: StoredJobs,
  ) {}

  queue<Data extends object>(options: QueueOptions, handler: JobHandler<Data>): JobQueue<Data> {
    const { name } = options;
    if (this.#queues.has(name)) throw new Error(`The queue ${name} is declared twice.`);
    this.#queues.set(name, { options, handler: handler as JobHandler<object>, running: 0, begunAt: [] });
    return { name, enqueue: (job) => this.#enqueue(name, job) };
  }

  async start(): Promise<void> {
    await this.work.read('begins to work', () => {});
    this.#isRunning = true;
    this.#stop = this.work.instance.timers.every(POLL_MS, async () => this.#poke(), this.#fail);
    this.#poke();
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    this.#stop();
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.work.instance.timers.once(STOP_MS, resolve);
    await Promise.race([promise, Promise.all([...this.#running.values()].map(({ ended }) => ended))]);
    cancel();
    for (const [job, { abort }] of this.#running) {
      job.holder = undefined;
      abort.abort(new Error('The process is being stopped.'));
    }
  }

  async failed(): Promise<FailedJob[]> {
    return this.work.read('lists failed jobs', () =>
      this.stored.failed.filter(({ queue }) => this.#queues.has(queue)).reverse(),
    );
  }

  async counts(): Promise<QueueCounts[]> {
    if (!this.#isRunning) return [];
    return this.work.read('counts jobs', () => {
      const { open, failed } = this.stored;
      const of = (jobs: Iterable<{ readonly queue: string }>, name: string) =>
        [...jobs].filter(({ queue }) => queue === name).length;
      const queues = [...this.#queues.keys()].sort();
      return queues.map((queue) => ({ queue, open: of(open.values(), queue), failed: of(failed, queue) }));
    });
  }

  async #enqueue(queue: string, { id, data, afterMs = 0 }: NewJob<object>): Promise<void> {
    const { work, stored } = this;
    if (!work.inTransaction) return work.transaction(() => this.#enqueue(queue, { id, data, afterMs }));
    const { trace, correlationId, causationId } = contextOrNew();
    const context = { trace, correlationId, ...(causationId && { causationId }) };
    const apply = () => {
      const key = keyOf({ queue, id });
      const job = {
        queue,
        id,
        data: asJson(data),
        context,
        attempts: 0,
        dueAt: this.#now + afterMs,
        holder: undefined,
      };
      if (!stored.open.has(key)) stored.open.set(key, job);
    };
    work.stage(this, () => new ChangeList('jobs', RANK.others, () => this.#poke())).add({ apply });
  }

  /** Takes what is due and what the dead were doing, as much as each queue allows. */
  #poke(): void {
    if (!this.#isRunning) return;
    for (const job of this.stored.open.values()) {
      const declared = this.#queues.get(job.queue);
      if (isAtIt(job) || job.dueAt > this.#now || !declared || !this.#mayBegin(declared)) continue;
      job.holder = this.work.instance;
      job.attempts += 1;
      declared.running += 1;
      declared.begunAt.push(this.#now);
      this.work.instance.timers.once(0, () => this.#run(job, declared).catch(this.#fail));
    }
  }

  #mayBegin(declared: Declared): boolean {
    const { concurrency = 8, perSecond = Number.POSITIVE_INFINITY } = declared.options;
    declared.begunAt = declared.begunAt.filter((at) => at > this.#now - SECOND_MS);
    return declared.running < concurrency && declared.begunAt.length < perSecond;
  }

  async #run(job: KeptJob, declared: Declared): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const abort = new AbortController();
    this.#running.set(job, { abort, ended: promise });
    const attempt = job.attempts;
    const run = { id: job.id, attempt, signal: abort.signal };
    const error = await runInContext(job.context, () => declared.handler(asJson(job.data), run)).then(
      () => undefined,
      toError,
    );
    await this.work.read(`${job.queue} ${error ? 'fails' : 'is done'}`, () => {
      // Whoever was given up for dead no longer decides.
      if (job.holder === this.work.instance && job.attempts === attempt) this.#end(job, declared, error);
    });
    this.#running.delete(job);
    declared.running -= 1;
    resolve();
    this.#poke();
  }

  #end(job: KeptJob, { options }: Declared, error: Error | undefined): void {
    const { queue, id, data, attempts } = job;
    const failedAt = new Date(this.#now);
    if (error === undefined || error instanceof GiveUp) this.stored.open.delete(keyOf(job));
    if (error instanceof GiveUp) this.stored.failed.push({ queue, id, data, error: error.message, attempts, failedAt });
    job.holder = undefined;
    const { retryEveryMs = SECOND_MS, retryAtMostEveryMs = 60 * SECOND_MS } = options;
    job.dueAt = this.#now + Math.min(retryEveryMs * 2 ** (attempts - 1), Math.max(retryEveryMs, retryAtMostEveryMs));
  }

  get #now(): number {
    return this.work.instance.world.now;
  }

  readonly #fail = (error: unknown): void => this.work.instance.world.fail(error);
}

const isAtIt = ({ holder }: KeptJob): boolean => holder?.isAlive === true && holder.silentForMs < SILENT_MS;

const keyOf = ({ queue, id }: Pick<KeptJob, 'queue' | 'id'>): string => `${queue}\n${id}`;

const toError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));
