import type { QueryResultRow } from 'pg';
import type { Statement, WriteBuffer } from './transaction.ts';

/** The ambient transaction, whatever it is kept in: what patterns need that know no SQL. */
export interface UnitOfWork {
  /**
   * Runs `work` in a transaction; nested calls join it, and a nested call that fails takes back what it had buffered.
   * The outermost call retries lost races, deadlocks and lock time-outs in a new transaction, so `work` may run more
   * than once.
   */
  transaction<T>(work: () => Promise<T>, options?: TransactionOptions): Promise<T>;
  /** The buffer of this owner in the ambient transaction, made on first use. Throws outside of a transaction. */
  buffer<B extends WriteBuffer>(owner: object, create: () => B): B;
  /** Whether the caller is inside a transaction of this database. */
  readonly inTransaction: boolean;
  /** Calls back once the ambient transaction is known to be committed; at once where there is none. */
  afterCommit(callback: () => void): void;
}

/** A service's own database. Inside `transaction`, every call on this database joins that transaction. */
export interface Database extends UnitOfWork {
  /** Reads at once. */
  query<Row extends QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Writes at once; prefer `write`. */
  execute<Row extends QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Writes at the end of the transaction, in one round trip with all its other writes. */
  write(statement: Statement): Promise<void>;
  close(): Promise<void>;
}

export interface TransactionOptions {
  /** How often a retryable failure may be tried again; 10 by default. */
  readonly retries?: number;
  /**
   * Whether messages and jobs may be left in it; `refused` makes every try an EffectRefusedError. A nested transaction
   * that does not say goes on as the one around it. Allowed by default.
   */
  readonly effects?: 'allowed' | 'refused';
}
