import pg, { type PoolClient, type QueryResult } from 'pg';
import type { Named } from './statement.ts';

/** What a batch needs of pg's connection; its types leave most of it out. */
interface Wire {
  readonly stream: { cork(): void; uncork(): void };
  /** The names of the statements that this connection knows, with their texts. */
  readonly parsedStatements: Record<string, string>;
  parse(statement: { name: string; text: string }): void;
  bind(portal: { statement: string; values: readonly unknown[] }): void;
  describe(what: { type: 'P' | 'S'; name?: string }): void;
  execute(portal: object): void;
  close(what: { type: 'P' | 'S'; name: string }): void;
  sync(): void;
}

interface PendingResult extends QueryResult {
  addFields(fields: unknown): void;
  parseRow(fields: unknown): unknown;
  addRow(row: unknown): void;
  addCommandComplete(message: unknown): void;
}

const Result = (pg as unknown as { Result: new (rowMode: undefined, types: unknown) => PendingResult }).Result;

/**
 * Named statements in one packet, answered in one: Parse where needed, Bind and Execute of each, then a single Sync
 * (PostgreSQL, Frontend/Backend Protocol, "Extended Query"). Where none of them says BEGIN they are one transaction,
 * which ends with the Sync; after an error the rest is skipped.
 */
class StatementBatch extends pg.Query {
  readonly #statements: readonly Named[];
  readonly #results: PendingResult[];
  #current = 0;
  #unreadable: Error | undefined;
  #learnt: { readonly wire: Wire; readonly names: string[] } | undefined;
  readonly answer: Promise<QueryResult[]>;
  readonly #resolve: (results: QueryResult[]) => void;
  readonly #reject: (error: Error) => void;

  constructor(statements: readonly Named[]) {
    super({ text: '' });
    this.#statements = statements;
    this.#results = statements.map(() => new Result(undefined, pg.types));
    const { promise, resolve, reject } = Promise.withResolvers<QueryResult[]>();
    this.answer = promise;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  override readonly submit = (connection: unknown): void => {
    const wire = connection as Wire;
    const names: string[] = [];
    wire.stream.cork();
    try {
      for (const { name, text, values = [] } of this.#statements) {
        if (wire.parsedStatements[name] === undefined) {
          // It may be there all the same, from a batch that failed later on: closing what is not there is no error.
          wire.close({ type: 'S', name });
          wire.parse({ name, text });
          wire.parsedStatements[name] = text;
          names.push(name);
        }
        wire.bind({ statement: name, values });
        wire.describe({ type: 'P' });
        wire.execute({});
      }
      wire.sync();
    } finally {
      wire.stream.uncork();
    }
    this.#learnt = { wire, names };
  };

  handleRowDescription({ fields }: { fields: unknown }): void {
    this.#results[this.#current]!.addFields(fields);
  }

  handleDataRow({ fields }: { fields: unknown }): void {
    const result = this.#results[this.#current]!;
    try {
      result.addRow(result.parseRow(fields));
    } catch (error) {
      this.#unreadable ??= error as Error;
    }
  }

  handleCommandComplete(message: unknown): void {
    this.#results[this.#current++]!.addCommandComplete(message);
  }

  handleEmptyQuery(): void {
    this.#current++;
  }

  handleError(error: Error): void {
    for (const name of this.#learnt?.names ?? []) delete this.#learnt!.wire.parsedStatements[name];
    Error.captureStackTrace(error);
    this.#reject(error);
  }

  handleReadyForQuery(): void {
    if (this.#unreadable) this.#reject(this.#unreadable);
    else this.#resolve(this.#results);
  }
}

/** Sends the statements in one packet; rejects with the error of the first that fails. */
export function send(client: PoolClient, statements: readonly Named[]): Promise<QueryResult[]> {
  const batch = new StatementBatch(statements);
  client.query(batch);
  return batch.answer;
}
