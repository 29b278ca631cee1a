import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import pg, { type QueryResult, type QueryResultRow } from 'pg';
import {
  EffectRefusedError,
  fromSql,
  isRetryable,
  isSessionEnded,
  isSqlError,
  isStalePlan,
  isUnreachable,
  UnknownCommitError,
} from './errors.ts';
import { type RoundTrips, watched } from './round-trips.ts';
import { type SilenceOptions, SilenceWatch } from './silence-watch.ts';
import { type Named, named } from './statement.ts';
import { send } from './statement-batch.ts';
import { checked, DeferredWrites, type Statement, Transaction, type WriteBuffer } from './transaction.ts';
import type { Database, TransactionOptions } from './unit-of-work.ts';

export type { Database, TransactionOptions, UnitOfWork } from './unit-of-work.ts';

export interface DatabaseOptions {
  readonly url: string;
  readonly maxConnections?: number;
  /** Hears of connections that were lost while nobody waited for them, and of callbacks that failed after a commit. */
  readonly onError?: (error: Error) => void;
  /** Sees every commit: for the tests that fail them one at a time. */
  readonly beforeCommit?: () => void;
  /** Sees every round trip. */
  readonly roundTrips?: RoundTrips;
  /** When a server is given up of which nothing is heard. */
  readonly silence?: Omit<SilenceOptions, 'url'>;
}

const BEGIN = named('begin');
const COMMIT = named('commit');
const FAREWELL_MS = 5_000;
const NOT_AWAITED = 'The transaction of this call has ended: a promise was not awaited.';

pg.types.setTypeParser(pg.types.builtins.INT8, Number);

/**
 * PostgreSQL through `pg`, with named statements and pipelining. The transaction is ambient: it lives in an
 * AsyncLocalStorage of this file and nowhere else, so that a use case joins the inbox's transaction without knowing it.
 */
export class PostgresDatabase implements Database {
  readonly #pool: pg.Pool;
  #closed = false;
  readonly #ambient = new AsyncLocalStorage<Transaction>();
  readonly #onError: (error: Error) => void;
  readonly #beforeCommit: () => void;
  readonly #roundTrips: RoundTrips | undefined;
  readonly #silence: SilenceWatch;

  constructor(options: DatabaseOptions) {
    const { url, maxConnections = 10, onError = () => {}, beforeCommit = () => {}, roundTrips, silence } = options;
    this.#silence = new SilenceWatch({ url, ...silence });
    this.#pool = new pg.Pool({
      connectionString: url,
      max: maxConnections,
      pipeline: true,
      keepAlive: true,
      keepAliveInitialDelayMillis: 5_000,
      connectionTimeoutMillis: 10_000,
      idleTimeoutMillis: 60_000,
    } as pg.PoolConfig);
    this.#pool.on('connect', (client) => client.on('error', (error) => this.#closed || onError(error)));
    this.#pool.on('error', () => {});
    this.#onError = onError;
    this.#beforeCommit = beforeCommit;
    this.#roundTrips = roundTrips;
  }

  /** Connections of the pool, and callers that wait for one. */
  get connections(): Readonly<Record<'busy' | 'idle' | 'waiting', number>> {
    const { totalCount, idleCount, waitingCount, options } = this.#pool;
    const busy = totalCount - idleCount;
    // The pool queues those too who get a free place in a moment: whoever looks at it is one of them.
    return { busy, idle: idleCount, waiting: Math.max(0, waitingCount - (options.max - busy)) };
  }

  get inTransaction(): boolean {
    return this.#ambient.getStore() !== undefined;
  }

  async query<Row extends QueryResultRow>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    const transaction = this.#open();
    const statement = named(sql, values);
    if (!transaction) return (await this.#aloneWithFreshPlan(statement)).rows;
    try {
      const rows = await this.#within(transaction, statement);
      return rows as Row[];
    } catch (error) {
      transaction.doomed ??= fromSql(error);
      throw transaction.doomed;
    }
  }

  async execute<Row extends QueryResultRow>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    const transaction = this.#open();
    if (transaction) transaction.immediateWrites++;
    return this.query<Row>(sql, values);
  }

  async write(statement: Statement): Promise<void> {
    if (!this.#open()) return this.transaction(() => this.write(statement));
    this.buffer(this, () => new DeferredWrites()).add(statement);
  }

  buffer<B extends WriteBuffer>(owner: object, create: () => B): B {
    const transaction = this.#open();
    if (!transaction) throw new Error('This write needs a transaction.');
    transaction.origin ??= this.#roundTrips?.origin();
    const buffer = transaction.buffer(owner, create);
    if (buffer.isEffect && transaction.refusesEffects) throw new EffectRefusedError(buffer.name);
    return buffer;
  }

  afterCommit(callback: () => void): void {
    const transaction = this.#open();
    if (transaction) transaction.afterCommit.push(callback);
    else callback();
  }

  async transaction<T>(work: () => Promise<T>, { retries = 10, effects }: TransactionOptions = {}): Promise<T> {
    const outer = this.#open();
    if (outer) return this.#nested(outer, work, effects);
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#run(work, effects);
      } catch (error) {
        if (!isRetryable(error) || attempt > retries) throw error;
        await pause(Math.min(2 ** attempt, 100));
      }
    }
  }

  /** Lets those go first who wait for a connection: a pool that ends forgets them. */
  async close(): Promise<void> {
    while (this.#pool.waitingCount > 0) await pause(1);
    this.#closed = true;
    // What is said to a server that is not heard of any more gets no answer, a farewell included.
    await Promise.race([this.#pool.end(), pause(FAREWELL_MS, undefined, { ref: false })]);
    this.#silence.close();
  }

  #open(): Transaction | undefined {
    const transaction = this.#ambient.getStore();
    if (transaction?.ended) throw new Error(NOT_AWAITED);
    if (transaction?.doomed) throw transaction.doomed;
    return transaction;
  }

  async #nested<T>(
    transaction: Transaction,
    work: () => Promise<T>,
    effects: TransactionOptions['effects'],
  ): Promise<T> {
    const restore = transaction.mark();
    const { immediateWrites: before, refusesEffects } = transaction;
    if (effects) transaction.refusesEffects = effects === 'refused';
    try {
      return await work();
    } catch (error) {
      restore();
      if (transaction.immediateWrites > before) transaction.doomed ??= error;
      throw error;
    } finally {
      transaction.refusesEffects = refusesEffects;
    }
  }

  async #run<T>(work: () => Promise<T>, effects: TransactionOptions['effects']): Promise<T> {
    const transaction = new Transaction();
    transaction.refusesEffects = effects === 'refused';
    try {
      const result = await this.#ambient.run(transaction, work);
      if (transaction.doomed) throw transaction.doomed;
      await this.#ambient.run(transaction, () => this.#prepare(transaction));
      await this.#flush(transaction);
      this.#tell(transaction);
      return result;
    } catch (error) {
      transaction.ended = true;
      await this.#rollback(transaction);
      throw fromSql(error);
    }
  }

  /** Whoever fails now can no longer take the commit back, nor keep the others from hearing of it. */
  #tell(transaction: Transaction): void {
    const told = [...transaction.buffers.values()].map((buffer) => () => buffer.committed?.());
    for (const tell of [...told, ...transaction.afterCommit]) {
      try {
        tell();
      } catch (error) {
        this.#onError(error instanceof Error ? error : new Error(String(error)));
      }
    }
  }

  async #prepare(transaction: Transaction): Promise<void> {
    for (const buffer of transaction.inLockOrder()) await buffer.prepare?.();
  }

  /** BEGIN travels with the first statement, and what is asked in one breath travels together. */
  async #within(transaction: Transaction, statement: Named): Promise<QueryResultRow[]> {
    transaction.connecting ??= this.#pool.connect().then((client) => {
      transaction.client = client;
      return client;
    });
    const answer = await transaction.ask(statement, async (statements) => {
      const client = await transaction.connecting!;
      if (transaction.ended) throw new Error(NOT_AWAITED);
      if (transaction.begun) return this.#send(client, statements);
      transaction.begun = true;
      return (await this.#send(client, [BEGIN, ...statements])).slice(1);
    });
    return answer.rows;
  }

  /**
   * All writes and the COMMIT in one round trip; without anything before them they need neither BEGIN nor COMMIT.
   */
  async #flush(transaction: Transaction): Promise<void> {
    const statements = transaction.inLockOrder().flatMap((buffer) => buffer.flush());
    this.#beforeCommit();
    transaction.ended = true;
    const client = await transaction.connecting;
    if (!client && statements.length === 0) return;
    const queries = statements.map(checked);
    const answers = client
      ? await certain(this.#send(client, [...queries, COMMIT], transaction.origin))
      : await this.#alone(queries, { wait: certain, origin: transaction.origin });
    if (client && answers.at(-1)!.command !== 'COMMIT') throw new Error('The database rolled the transaction back.');
    client?.release();
    transaction.client = undefined;
    for (const [index, statement] of statements.entries()) statement.onRows?.(answers[index]!.rows);
  }

  /** A table that was replaced by another makes plans stale; the second try plans anew. */
  async #aloneWithFreshPlan(statement: Named): Promise<QueryResult> {
    for (let attempt = 1; ; attempt++) {
      try {
        return (await this.#alone([statement]))[0]!;
      } catch (error) {
        if (!isStalePlan(error) || attempt > this.#pool.totalCount) throw error;
      }
    }
  }

  /** On a connection of their own, as one transaction. */
  async #alone(queries: readonly Named[], { wait = uncertain, origin }: Alone = {}) {
    const client = await this.#pool.connect();
    try {
      const answers = await wait(this.#send(client, queries, origin));
      client.release();
      return answers;
    } catch (error) {
      client.release(error instanceof UnknownCommitError || isUnreachable(error));
      throw error;
    }
  }

  #send(client: pg.PoolClient, statements: readonly Named[], origin?: unknown): Promise<QueryResult[]> {
    const answer = this.#roundTrips
      ? watched(this.#roundTrips, { statements, origin, send: () => send(client, statements) })
      : send(client, statements);
    return this.#silence.over(client, answer);
  }

  async #rollback(transaction: Transaction): Promise<void> {
    const client = transaction.client ?? (await transaction.connecting?.catch(() => undefined));
    if (!client) return;
    transaction.client = undefined;
    await this.#silence.over(client, client.query('rollback')).then(
      () => client.release(),
      (error) => client.release(error),
    );
  }
}

interface Alone {
  readonly wait?: (sent: Promise<QueryResult[]>) => Promise<QueryResult[]>;
  readonly origin?: unknown;
}

const uncertain = (sent: Promise<QueryResult[]>): Promise<QueryResult[]> => sent;

/** A connection that is lost on the way to the commit leaves its outcome open. */
async function certain(sent: Promise<QueryResult[]>): Promise<QueryResult[]> {
  try {
    return await sent;
  } catch (error) {
    if (isSqlError(error) && !isSessionEnded(error)) throw fromSql(error);
    throw new UnknownCommitError('The connection was lost during the commit.', { cause: error });
  }
}
