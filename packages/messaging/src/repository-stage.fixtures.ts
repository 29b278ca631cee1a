import type { TestContext } from 'node:test';
import { systemClock, UuidV7Ids } from '@ashlar/domain';
import type { Database, Migration } from '@ashlar/postgres';
import { type RepositoryStage, useTestDatabase } from '@ashlar/postgres/contract-suites';
import { messagingMigrations } from './migrations.ts';
import { type Outbox, PostgresOutbox } from './outbox.ts';

/** For the suites of a service's repositories: their stages on PostgreSQL, made of a database and its outbox. */
export function usePostgresRepositories(migrations: () => Promise<readonly Migration[]>) {
  const useDatabase = useTestDatabase(async () => [...(await messagingMigrations()), ...(await migrations())]);
  return <Repository>(make: (db: Database, outbox: Outbox) => Repository) =>
    async (t: TestContext): Promise<RepositoryStage<Repository>> => {
      const { db, another } = await useDatabase(t);
      const told: string[] = [];
      const onCommitted = (rows: readonly { readonly type: string }[]) =>
        void told.push(...rows.map(({ type }) => type));
      const on = (database: Database) =>
        make(database, new PostgresOutbox({ db: database, clock: systemClock, ids: new UuidV7Ids(), onCommitted }));
      return {
        repository: on(db),
        elsewhere: on(another()),
        transaction: (work, options) => db.transaction(work, options),
        told: () => told,
      };
    };
}
