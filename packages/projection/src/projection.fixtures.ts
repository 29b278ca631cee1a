import type { TestContext } from 'node:test';
import { eventStoreMigrations, PostgresEventStore, type StoredEvent } from '@ashlar/event-store';
import { messagingMigrations } from '@ashlar/messaging';
import { createTestDatabase, type DatabaseOptions, PostgresDatabase } from '@ashlar/postgres';
import { EventProjection, type EventProjectionOptions } from './event-projection.ts';
import { projectionMigrations } from './migrations.ts';
import type { ReadModel } from './read-model.ts';

/** Money goes from one account to another: whatever is read, the sum of all accounts is nothing. */
export interface Transfer {
  readonly from: string;
  readonly to: string;
  readonly amount: number;
}

export const TABLES = `
  create table balances (account text primary key, amount bigint not null);
  create index balances_by_amount on balances (amount);
  create table progress (events bigint not null)`;

/** Two statements in two tables: a mixture of old and new, or an event taken in twice, shows in the numbers. */
export async function take(events: readonly StoredEvent[], { write }: Pick<ReadModel, 'write'>): Promise<void> {
  const changes = new Map<string, number>();
  for (const { data } of events) {
    const { from, to, amount } = data as Transfer;
    changes.set(from, (changes.get(from) ?? 0) - amount);
    changes.set(to, (changes.get(to) ?? 0) + amount);
  }
  const rows = [...changes].map(([account, amount]) => ({ account, amount }));
  await write({
    sql: `insert into balances as b (account, amount)
          select account, amount from json_to_recordset($1) as r(account text, amount bigint)
          on conflict (account) do update set amount = b.amount + excluded.amount`,
    values: [JSON.stringify(rows)],
  });
  await write({
    sql: `with moved as (update progress set events = events + $1 returning 1)
          insert into progress select $1 where not exists (select from progress)`,
    values: [events.length],
  });
}

/** What one look shows: read model and checkpoint in one statement. */
export const LOOK = `
  select coalesce((select sum(amount) from balances), 0)::bigint as sum,
    coalesce((select sum(events) from progress), 0)::bigint as seen,
    (select count(*) from events e join projections p on e.position <= p.position where p.name = 'balances') as taken`;

export interface Look {
  readonly sum: number;
  readonly seen: number;
  readonly taken: number;
}

/** A bank with a database of its own. */
export class Bank {
  readonly db: PostgresDatabase;
  readonly store: PostgresEventStore;
  readonly #atEnd: (() => Promise<unknown>)[] = [];

  private constructor(
    t: TestContext,
    readonly url: string,
  ) {
    this.db = this.pool();
    this.store = new PostgresEventStore(this.db);
    t.after(async () => {
      for (const end of this.#atEnd) await end();
    });
  }

  static async open(t: TestContext): Promise<Bank> {
    const server = await createTestDatabase([
      ...(await messagingMigrations()),
      ...(await eventStoreMigrations()),
      ...(await projectionMigrations()),
    ]);
    const bank = new Bank(t, server.url);
    bank.#atEnd.push(() => server.drop());
    return bank;
  }

  /** Another pool, as another process would have. */
  pool(options: Partial<DatabaseOptions> = {}): PostgresDatabase {
    const db = new PostgresDatabase({ url: this.url, ...options });
    this.#atEnd.unshift(() => db.close());
    return db;
  }

  async transfer(from: string, to: string, amount = 1): Promise<void> {
    const data: Transfer = { from, to, amount };
    await this.store.append({ stream: `from-${from}`, expected: 'any', events: [{ type: 'Moved', data }] });
  }

  async transfers(count: number): Promise<void> {
    const events = Array.from({ length: count }, (_, n) => ({
      type: 'Moved',
      data: { from: `a${n % 7}`, to: `a${n % 5}`, amount: n } satisfies Transfer,
    }));
    await this.store.append({ stream: 'many', expected: 'any', events });
  }

  async projection(options: Partial<EventProjectionOptions> = {}): Promise<EventProjection> {
    const { db = this.db } = options;
    const store = new PostgresEventStore(db);
    const projection = new EventProjection({
      name: 'balances',
      version: 1,
      tables: TABLES,
      apply: take,
      db,
      store,
      ...options,
    });
    this.#atEnd.unshift(() => projection.stop());
    await projection.prepare();
    return projection;
  }

  async look(db = this.db): Promise<Look> {
    const [look] = await db.query<Look & { sum: number }>(LOOK);
    return look!;
  }
}
