import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { PostgresDatabase } from '@ashlar/postgres';
import { createTracing } from '@ashlar/telemetry';
import type { Jobs } from './jobs.ts';
import { createJobs, type JobsOptions } from './pg-boss-jobs.ts';

const administrator = process.env['TEST_DATABASE_URL'];

/** For `test`: these tests need a real PostgreSQL. */
export const onPostgres = administrator ? {} : { skip: 'TEST_DATABASE_URL (an administrator) is not set' };

/** A database for one test file. */
export class TemporaryDatabase {
  readonly name = `ashlar_jobs_${process.pid}_${Math.trunc(performance.timeOrigin)}`;
  readonly url: string;
  readonly db: PostgresDatabase;
  readonly #admin: PostgresDatabase;
  readonly #started: Jobs[] = [];

  private constructor(address: string) {
    this.#admin = new PostgresDatabase({ url: address, maxConnections: 2 });
    const url = new URL(address);
    url.pathname = `/${this.name}`;
    this.url = url.href;
    this.db = new PostgresDatabase({ url: this.url });
  }

  static async create(): Promise<TemporaryDatabase> {
    const database = new TemporaryDatabase(administrator ?? 'postgres://nowhere');
    if (administrator) await database.#admin.query(`create database ${database.name}`);
    return database;
  }

  /** Jobs of this database, to be declared and started by the test. */
  jobs(options: Partial<JobsOptions> = {}): Jobs {
    const jobs = createJobs({
      url: this.url,
      db: this.db,
      tracing: createTracing({ service: 'test' }),
      onError: () => {},
      ...options,
    });
    this.#started.push(jobs);
    return jobs;
  }

  async stopJobs(): Promise<void> {
    await Promise.all(this.#started.splice(0).map((jobs) => jobs.stop()));
  }

  /** Nobody can connect while `work` runs, and who was connected no longer is. */
  async outage(work: () => Promise<void>): Promise<void> {
    await this.#admin.query(`alter database ${this.name} allow_connections false`);
    await this.#admin.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = $1`, [this.name]);
    await work();
    await this.#admin.query(`alter database ${this.name} allow_connections true`);
  }

  async drop(): Promise<void> {
    await this.stopJobs();
    await this.db.close();
    if (administrator) await this.#admin.query(`drop database ${this.name} with (force)`);
    await this.#admin.close();
  }
}

/** Waits until it holds, and fails if it does not in time. */
export async function until(holds: () => boolean | Promise<boolean>, withinMs = 10_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`Still not so after ${withinMs} ms: ${holds.toString()}`);
    await pause(10);
  }
}
