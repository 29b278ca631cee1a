import pg, { type PoolClient, type QueryResult } from 'pg';
import { isStalePlan } from './errors.ts';
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

/** The columns that a statement answers; none where it answers no rows. */
type Columns = readonly unknown[];

/** What each connection has been told of the statements that it knows: it is asked once. */
const known = new WeakMap<Wire, Map<string, Columns>>();

function columnsOn(wire: Wire): Map<string, Columns> {
  const columns = known.get(wire) ?? new Map<string, Columns>();
  known.set(wire, columns);
  return columns;
}

const Result = (pg as unknown as { Result: new (rowMode: undefined, types: unknown) => PendingResult }).Result;

/**
 * Named statements in one packet, answered in one: Parse and Describe where needed, Bind and Execute of each, then a
 * single Sync
 * (PostgreSQL, Frontend/Backend Protocol, "Extended Query"). Where none of them says BEGIN they are one transaction,
 * which ends with the Sync; after an error the rest is skipped.
 */
class StatementBatch extends pg.Query {
  readonly #statements: readonly Named[];
  readonly #results: PendingResult[];
  #current = 0;
  #unreadable: Error | undefined;
  #learnt: { readonly wire: Wire; readonly names: string[] } | undefined;
  #columns = new Map<string, Columns>();
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
    this.#columns = columnsOn(wire);
    wire.stream.cork();
    try {
      for (const [index, { name, text, values = [] }] of this.#statements.entries()) {
        if (wire.parsedStatements[name] === undefined) {
          // It may be there all the same, from a batch that failed later on: closing what is not there is no error.
          wire.close({ type: 'S', name });
          wire.parse({ name, text });
          wire.parsedStatements[name] = text;
          this.#columns.delete(name);
          names.push(name);
        }
        wire.bind({ statement: name, values });
        this.#describe(wire, name, index);
        wire.execute({});
      }
      wire.sync();
    } finally {
      wire.stream.uncork();
    }
    this.#learnt = { wire, names };
  };

  #describe(wire: Wire, name: string, index: number): void {
    const columns = this.#columns.get(name);
    if (!columns) wire.describe({ type: 'P' });
    else if (columns.length > 0) this.#results[index]!.addFields(columns);
  }

  handleRowDescription({ fields }: { fields: Columns }): void {
    this.#columns.set(this.#statements[this.#current]!.name, fields);
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
    const { name } = this.#statements[this.#current]!;
    if (!this.#columns.has(name)) this.#columns.set(name, []);
    this.#results[this.#current++]!.addCommandComplete(message);
  }

  handleEmptyQuery(): void {
    this.#current++;
  }

  handleError(error: Error): void {
    const { wire, names = [] } = this.#learnt ?? {};
    const forgotten = isStalePlan(error) ? this.#statements.map(({ name }) => name) : names;
    for (const name of forgotten) delete wire?.parsedStatements[name];
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
