import { RANK, type Statement, type WriteBuffer } from '@ashlar/postgres';
import type { PgBoss } from 'pg-boss';
import type { StoredJob } from './stored-job.ts';

export interface BufferedJob {
  readonly queue: string;
  readonly stored: StoredJob;
  readonly afterMs: number;
}

/** The jobs of one transaction. They are written with its other writes, one statement for each queue. */
export class EnqueueBuffer implements WriteBuffer {
  readonly rank = RANK.others;
  readonly name = 'jobs';
  readonly isEffect = true;
  readonly #jobs: BufferedJob[] = [];
  readonly #statements: Statement[] = [];

  constructor(
    private readonly boss: PgBoss,
    private readonly onCommitted: (queue: string) => void,
  ) {}

  add(job: BufferedJob): void {
    this.#jobs.push(job);
  }

  mark(): number {
    return this.#jobs.length;
  }

  restore(mark: unknown): void {
    this.#jobs.length = mark as number;
  }

  /** pg-boss makes the statements; caught here, they travel with the flush, without a round trip of their own. */
  async prepare(): Promise<void> {
    const executeSql = async (sql: string, values: unknown[] = []) => {
      this.#statements.push({ sql, values });
      return { rows: [] };
    };
    for (const [queue, jobs] of this.#byQueue()) {
      await this.boss.insert(queue, jobs.map(toInsert), { db: { executeSql } });
    }
  }

  flush(): readonly Statement[] {
    return this.#statements;
  }

  committed(): void {
    for (const queue of new Set(this.#jobs.map((job) => job.queue))) this.onCommitted(queue);
  }

  /** Sorted, because a job with a pending id is waited for: two transactions must not wait for each other. */
  #byQueue(): [string, BufferedJob[]][] {
    const groups = Map.groupBy(this.#jobs, (job) => job.queue);
    for (const jobs of groups.values()) jobs.sort((a, b) => compare(a.stored.id, b.stored.id));
    return [...groups].sort(([a], [b]) => compare(a, b));
  }
}

const toInsert = ({ stored, afterMs }: BufferedJob) => ({
  data: stored,
  singletonKey: stored.id,
  ...(afterMs > 0 && { startAfter: afterMs / 1_000 }),
});

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
