import {
  type FailedJob,
  GiveUp,
  type JobHandler,
  type JobQueue,
  type Jobs,
  type NewJob,
  type QueueOptions,
} from '@ashlar/jobs';
import { RANK } from '@ashlar/postgres';
import { ChangeList, type MemoryWork } from './memory-work.ts';

interface KeptJob {
  readonly queue: string;
  readonly id: string;
  readonly data: object;
  attempts: number;
  dueAt: number;
  /** The instance that is at it. */
  holder: object | undefined;
  error?: string;
}

/** The jobs of one service that have not been done, and those that were given up. */
export class StoredJobs {
  readonly open = new Map<string, KeptJob>();
  readonly failed: FailedJob[] = [];
}

interface Declared {
  readonly options: QueueOptions;
  readonly handler: JobHandler<object>;
}

const POLL_MS = 500;

/** Jobs as pg-boss keeps them for us, on memory: at least once, again after a failure or the death of who was at it. */
export class MemoryJobs implements Jobs {
  readonly #queues = new Map<string, Declared>();
  readonly #me = {};
  #stop = (): void => {};
  #isRunning = false;

  constructor(
    private readonly work: MemoryWork,
    private readonly stored: StoredJobs,
  ) {}

  queue<Data extends object>(options: QueueOptions, handler: JobHandler<Data>): JobQueue<Data> {
    this.#queues.set(options.name, { options, handler: handler as JobHandler<object> });
    return { name: options.name, enqueue: (job) => this.#enqueue(options.name, job) };
  }

  async start(): Promise<void> {
    await this.work.read('takes over what the dead were doing', () => {
      for (const job of this.stored.open.values()) job.holder = undefined;
    });
    this.#isRunning = true;
    this.#stop = this.work.instance.timers.every(POLL_MS, async () => this.#poke(), this.#fail);
    this.#poke();
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    this.#stop();
  }

  async failed(): Promise<FailedJob[]> {
    return this.stored.failed;
  }

  async #enqueue(queue: string, { id, data, afterMs = 0 }: NewJob<object>): Promise<void> {
    const { work, stored } = this;
    if (!work.inTransaction) return work.transaction(() => this.#enqueue(queue, { id, data, afterMs }));
    const apply = () => {
      const key = `${queue}\n${id}`;
      const dueAt = work.instance.world.now + afterMs;
      if (!stored.open.has(key)) stored.open.set(key, { queue, id, data, attempts: 0, dueAt, holder: undefined });
    };
    work.stage(this, () => new ChangeList('jobs', RANK.others, () => this.#poke())).add({ apply });
  }

  #poke(): void {
    if (!this.#isRunning) return;
    const now = this.work.instance.world.now;
    for (const job of this.stored.open.values()) {
      if (job.holder !== undefined || job.dueAt > now || !this.#queues.has(job.queue)) continue;
      job.holder = this.#me;
      job.attempts += 1;
      this.work.instance.timers.once(0, () => this.#run(job).catch(this.#fail));
    }
  }

  async #run(job: KeptJob): Promise<void> {
    const { options, handler } = this.#queues.get(job.queue)!;
    const key = `${job.queue}\n${job.id}`;
    try {
      await handler(job.data, { id: job.id, attempt: job.attempts, signal: new AbortController().signal });
      await this.work.read(`ends ${job.queue}`, () => void this.stored.open.delete(key));
    } catch (error) {
      await this.work.read(`${job.queue} fails`, () => {
        job.holder = undefined;
        job.dueAt = this.work.instance.world.now + (options.retryEveryMs ?? 1_000);
        job.error = String(error);
        if (error instanceof GiveUp) this.#giveUp(key, job);
      });
    }
  }

  #giveUp(key: string, { queue, id, data, attempts, error = '' }: KeptJob): void {
    this.stored.open.delete(key);
    this.stored.failed.push({ queue, id, data, error, attempts, failedAt: new Date(this.work.instance.world.now) });
  }

  readonly #fail = (error: unknown): void => this.work.instance.world.fail(error);
}
