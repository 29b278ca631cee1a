import type { QueryResultRow } from 'pg';
import { PostgresDatabase } from '../database.ts';
import { lsnOf } from './primary-log.ts';

/** It has stopped answering: what was asked there is asked elsewhere. */
class ReplicaLostError extends Error {
  override readonly name = 'ReplicaLostError';
}

const CLOSED_WITHIN_MS = 1_000;

/** One copy of the database, as it was when it was looked at last. */
export class Replica {
  readonly name: string;
  readonly #db: PostgresDatabase;
  #losing = Promise.withResolvers<never>();
  #isReachable = false;
  replayed = 0n;
  identity = '';
  timeline = 0;

  constructor(url: string) {
    this.name = new URL(url).host;
    this.#db = new PostgresDatabase({ url });
    this.#losing.promise.catch(() => {});
  }

  get isReachable(): boolean {
    return this.#isReachable;
  }

  /** Rejects as soon as the replica is known to be lost, also where it only hangs. */
  query<Row extends QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<Row[]> {
    return Promise.race([this.#db.query<Row>(sql, values), this.#losing.promise]);
  }

  /** A replica is told by what it has replayed, and by the history that it follows as of its last restart point. */
  async look(): Promise<void> {
    const [row] = await this.#db.query<{ lsn: string | null; timeline: number; identity: string }>(
      `select pg_last_wal_replay_lsn()::text as lsn, (select timeline_id from pg_control_checkpoint()) as timeline,
         (select system_identifier::text from pg_control_system()) as identity`,
    );
    if (row!.lsn === null) throw new Error(`${this.name} is no replica.`);
    this.replayed = lsnOf(row!.lsn);
    this.timeline = row!.timeline;
    this.identity = row!.identity;
    this.#isReachable = true;
  }

  lost(): void {
    this.#isReachable = false;
    this.#losing.reject(new ReplicaLostError(`The replica ${this.name} does not answer.`));
    this.#losing = Promise.withResolvers();
    this.#losing.promise.catch(() => {});
  }

  async close(): Promise<void> {
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, CLOSED_WITHIN_MS);
    await Promise.race([this.#db.close(), late.promise]);
    clearTimeout(timer);
  }
}
