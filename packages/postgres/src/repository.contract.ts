import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { after, before, type TestContext } from 'node:test';
import type { Rules } from './contract-suite.ts';
import { type DatabaseOptions, PostgresDatabase, type TransactionOptions } from './database.ts';
import type { Migration } from './migrations.ts';
import { createTestDatabase, databaseMissing, type TestDatabase } from './test-database.ts';

/** A repository of a service, and nobody else who is at its data. */
export interface RepositoryStage<Repository> {
  readonly repository: Repository;
  /** The same data, as another process sees them. */
  readonly elsewhere: Repository;
  /** A transaction of `repository`. */
  transaction<T>(work: () => Promise<T>, options?: TransactionOptions): Promise<T>;
  /** Types of the messages that were committed. */
  told(): readonly string[];
}

/** How the aggregates of a repository are made, changed and found. */
export interface Aggregates<Repository, Aggregate> {
  make(id: string): Aggregate;
  change(aggregate: Aggregate): void;
  find(repository: Repository, id: string): Promise<Aggregate | undefined>;
  /** The types of the messages with which a new one is saved. */
  readonly tells: readonly string[];
}

interface Saves<Aggregate> {
  save(aggregate: Aggregate): Promise<void>;
}

const lost = { name: 'ConcurrencyError' };

/** What was saved is there, whole or not at all. */
function savingRules<Aggregate extends { readonly state: object }, Repository extends Saves<Aggregate>>({
  make,
  find,
  tells,
}: Aggregates<Repository, Aggregate>): Rules<RepositoryStage<Repository>> {
  const found = foundBy(find);
  return {
    'what was saved is found as it was, wherever one looks': async ({ repository, elsewhere }) => {
      await repository.save(make('a'));
      for (const where of [repository, elsewhere]) deepStrictEqual(await found(where, 'a'), contentOf(make('a')));
      strictEqual(await find(repository, 'nobody'), undefined);
    },

    'it is saved with what it has to tell, or not at all': async ({ repository, transaction, told }) => {
      const failing = transaction(async () => {
        await repository.save(make('a'));
        throw new Error('refused');
      });
      await rejects(failing, /refused/);
      deepStrictEqual([await find(repository, 'a'), told()], [undefined, []]);
      await repository.save(make('a'));
      deepStrictEqual(told(), tells);
    },

    'a transaction finds what it has saved, and nobody else does': async ({ repository, elsewhere, transaction }) => {
      await transaction(async () => {
        await repository.save(make('a'));
        deepStrictEqual(await found(repository, 'a'), contentOf(make('a')));
        strictEqual(await find(elsewhere, 'a'), undefined);
      });
    },
  };
}

/** Nobody replaces what someone else has saved meanwhile. */
function racingRules<Aggregate extends { readonly state: object }, Repository extends Saves<Aggregate>>({
  make,
  change,
  find,
}: Aggregates<Repository, Aggregate>): Rules<RepositoryStage<Repository>> {
  const found = foundBy(find);
  return {
    'of two who change the same at once, the second is refused': async ({ repository, elsewhere, transaction }) => {
      await repository.save(make('a'));
      const [first, second] = [await find(elsewhere, 'a'), await find(repository, 'a')];
      for (const one of [first!, second!]) change(one);
      await elsewhere.save(first!);
      const changed = await found(repository, 'a');
      await rejects(
        transaction(() => repository.save(second!), { retries: 0 }),
        lost,
      );
      deepStrictEqual(await found(elsewhere, 'a'), changed);
    },

    'a new one does not replace another': async ({ repository, transaction }) => {
      await repository.save(make('a'));
      await rejects(
        transaction(() => repository.save(make('a')), { retries: 0 }),
        lost,
      );
    },
  };
}

/** What every repository of aggregates promises, whatever they are. */
export const aggregateRules = <Aggregate extends { readonly state: object }, Repository extends Saves<Aggregate>>(
  aggregates: Aggregates<Repository, Aggregate>,
): Rules<RepositoryStage<Repository>> => ({ ...savingRules(aggregates), ...racingRules(aggregates) });

const foundBy =
  <Repository>(find: (repository: Repository, id: string) => Promise<{ readonly state: object } | undefined>) =>
  async (repository: Repository, id: string) => {
    const aggregate = await find(repository, id);
    return aggregate && contentOf(aggregate);
  };

/** What it says, without the count of its changes. */
function contentOf({ state }: { readonly state: object }): unknown {
  const { version: _, ...content } = JSON.parse(JSON.stringify(state)) as Record<string, unknown>;
  return content;
}

/** An empty database, and more ways into it, as other processes have them. */
interface TestDatabases {
  readonly db: PostgresDatabase;
  another(options?: Partial<DatabaseOptions>): PostgresDatabase;
}

/** For suites on PostgreSQL: one database for the tests of a file, emptied for each of its stages. */
export function useTestDatabase(migrations: () => Promise<readonly Migration[]>) {
  let server: TestDatabase;
  before(async () => {
    if (!databaseMissing) server = await createTestDatabase(await migrations());
  });
  after(async () => server?.drop());
  return async (t: TestContext): Promise<TestDatabases> => {
    const another = (options: Partial<DatabaseOptions> = {}) => {
      const db = new PostgresDatabase({ url: server.url, ...options });
      t.after(() => db.close());
      return db;
    };
    const db = another();
    const [{ tables } = { tables: '' }] = await db.query<{ tables: string }>(
      `select string_agg(format('%I', tablename), ', ') as tables from pg_tables where schemaname = 'public'`,
    );
    await db.execute(`truncate ${tables} restart identity cascade`);
    return { db, another };
  };
}
