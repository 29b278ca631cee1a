import type { PoolClient, QueryResult, QueryResultRow } from 'pg';
import { type Named, named } from './statement.ts';

/** One statement of a flush. `rows` is how many it must touch: another number is a lost race. */
export interface Statement {
  readonly sql: string;
  readonly values?: readonly unknown[];
  readonly rows?: number;
  /** What was raced for, in words, for the error. */
  readonly what?: string;
  readonly onRows?: (rows: readonly QueryResultRow[]) => void;
}

/**
 * Something that keeps writes of a transaction in memory until its end. `rank` fixes the order in which locks are
 * taken, the same in every transaction of a database, so that two of them never deadlock.
 */
export interface WriteBuffer {
  readonly rank: number;
  readonly name: string;
  /** Others will notice it, as they do messages and jobs: refused where a transaction refuses effects. */
  readonly isEffect?: true;
  /** What to give back to `restore` to undo everything buffered later. */
  mark(): unknown;
  restore(mark: unknown): void;
  /** Runs before the flush, for buffers that have to call a library. */
  prepare?(): Promise<void>;
  flush(): readonly Statement[];
  committed?(): void;
}

/** The order of locks: inbox rows, aggregates, sagas, then what nobody else waits for, the outbox last. */
export const RANK = { inbox: 10, aggregates: 20, sagas: 30, others: 40, outbox: 50 } as const;

/** One transaction: its connection, opened by the first statement, and its buffers. */
export class Transaction {
  readonly buffers = new Map<object, WriteBuffer>();
  readonly afterCommit: (() => void)[] = [];
  client: PoolClient | undefined;
  connecting: Promise<PoolClient> | undefined;
  /** BEGIN has been sent. */
  begun = false;
  ended = false;
  /** Set when the transaction can no longer be committed in part: a nested failure came after an immediate write. */
  doomed: unknown;
  refusesEffects = false;
  immediateWrites = 0;
  /** On whose behalf it writes. */
  origin: unknown;
  #asking: { readonly statements: Named[]; readonly answers: Promise<QueryResult[]> } | undefined;

  /** Statements that are asked before anybody waits for an answer are sent together. */
  async ask(statement: Named, send: (statements: readonly Named[]) => Promise<QueryResult[]>): Promise<QueryResult> {
    const asking = this.#asking ?? this.#startAsking(send);
    const index = asking.statements.push(statement) - 1;
    return (await asking.answers)[index]!;
  }

  #startAsking(send: (statements: readonly Named[]) => Promise<QueryResult[]>) {
    const statements: Named[] = [];
    const answers = Promise.resolve().then(() => {
      this.#asking = undefined;
      return send(statements);
    });
    this.#asking = { statements, answers };
    return this.#asking;
  }

  buffer<B extends WriteBuffer>(owner: object, create: () => B): B {
    let buffer = this.buffers.get(owner);
    if (!buffer) {
      buffer = create();
      this.buffers.set(owner, buffer);
    }
    return buffer as B;
  }

  inLockOrder(): WriteBuffer[] {
    return [...this.buffers.values()].sort((a, b) => a.rank - b.rank || (a.name < b.name ? -1 : 1));
  }

  /** Where the transaction stands, to come back to. */
  mark(): () => void {
    const marks = [...this.buffers.values()].map((buffer) => ({ buffer, mark: buffer.mark() }));
    const known = new Set(this.buffers.keys());
    const callbacks = this.afterCommit.length;
    return () => {
      for (const { buffer, mark } of marks) buffer.restore(mark);
      for (const owner of this.buffers.keys()) if (!known.has(owner)) this.buffers.delete(owner);
      this.afterCommit.length = callbacks;
    };
  }
}

/**
 * The statement with its check, so that a lost race aborts the transaction inside the database, without a round trip.
 */
export function checked({ sql, values = [], rows, what }: Statement): Named {
  if (rows === undefined) return named(sql, values);
  const at = values.length;
  const text = `with touched as (${sql} returning 1)
    select expect_rows((select count(*) from touched), $${at + 1}, $${at + 2})`;
  return named(text, [...values, rows, what ?? 'A row']);
}

/** A plain list of deferred statements. */
export class DeferredWrites implements WriteBuffer {
  readonly #statements: Statement[] = [];
  readonly rank = RANK.others;
  readonly name = 'deferred';

  add(statement: Statement): void {
    this.#statements.push(statement);
  }

  mark(): number {
    return this.#statements.length;
  }

  restore(mark: unknown): void {
    this.#statements.length = mark as number;
  }

  flush(): readonly Statement[] {
    return this.#statements;
  }
}
