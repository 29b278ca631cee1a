import { EventSourced, type EventStore, type Loaded } from '@ashlar/event-store';
import { type Database, IdentityMap } from '@ashlar/postgres';
import {
  type Account,
  type AccountCommand,
  account,
  isOpen,
  isOver,
} from '../../domain/aggregates/account.aggregate.ts';
import type { AccountEvent } from '../../domain/events/account.events.ts';
import type {
  AccountOwner,
  AccountRepository,
  AccountSnapshot,
  LedgerEntry,
} from '../../domain/repositories/account.repository.interface.ts';
import { accountCodec } from './account.codec.ts';

const SNAPSHOT_SCHEMA = 2;

const streamOf = (accountId: string): string => `account-${accountId}`;
const keyOf = ({ userId, currency }: AccountOwner): string => JSON.stringify([userId, currency]);

/** The money of accounts in the event store; whose they are in a table. */
export class EventStoreAccountRepository implements AccountRepository {
  readonly #accounts: EventSourced<AccountCommand, AccountEvent, Account>;
  /** An account stays that of its owner. */
  readonly #ids: IdentityMap<string>;

  constructor(
    private readonly db: Database,
    private readonly store: EventStore,
  ) {
    this.#ids = new IdentityMap(db);
    this.#accounts = new EventSourced(db, store, {
      decider: account,
      codec: accountCodec,
      snapshotSchema: SNAPSHOT_SCHEMA,
      isOver,
    });
  }

  async open(
    { accountId, userId, currency }: { accountId: string; userId: string; currency: string },
    at: Date,
  ): Promise<boolean> {
    const rows = await this.db.execute(
      `insert into accounts (id, user_id, currency, created_at) values ($1, $2, $3, $4)
       on conflict (user_id, currency) do nothing returning id`,
      [accountId, userId, currency, at],
    );
    return rows.length > 0;
  }

  async find(accountId: string, asOf?: Date): Promise<AccountSnapshot | undefined> {
    const [row] = await this.db.query<{ createdAt: Date }>(
      'select created_at as "createdAt" from accounts where id = $1',
      [accountId],
    );
    if (!row) return undefined;
    const loaded = asOf
      ? await this.#asOf(accountId, asOf, row.createdAt)
      : await this.#accounts.load(streamOf(accountId));
    if (!loaded || !isOpen(loaded.state)) return undefined;
    return { account: loaded.state, version: loaded.version, createdAt: row.createdAt };
  }

  /** The first event is stored a moment after the time that the account itself calls its beginning. */
  async #asOf(accountId: string, asOf: Date, createdAt: Date): Promise<Loaded<Account> | undefined> {
    const stream = streamOf(accountId);
    const then = await this.#accounts.asOf(stream, asOf);
    if (then || asOf < createdAt) return then;
    const [opened] = await this.store.read(stream, { to: 1 });
    return opened && { state: account.evolve(account.initial, accountCodec.decode(opened)), version: 1 };
  }

  async findIdOf(userId: string, currency: string): Promise<string | undefined> {
    const known = this.#ids.get(keyOf({ userId, currency }));
    if (known !== undefined) return known;
    const [row] = await this.db.query<{ id: string }>('select id from accounts where user_id = $1 and currency = $2', [
      userId,
      currency,
    ]);
    return row?.id;
  }

  async findIdsOf(owners: readonly AccountOwner[]): Promise<readonly string[]> {
    if (owners.length === 0) return [];
    const rows = await this.db.query<AccountOwner & { id: string }>(
      'select id, user_id as "userId", currency from accounts where user_id = any($1)',
      [[...new Set(owners.map(({ userId }) => userId))]],
    );
    for (const row of rows) this.#ids.set(keyOf(row), row.id);
    const wanted = new Set(owners.map(keyOf));
    return rows.flatMap((row) => (wanted.has(keyOf(row)) ? [row.id] : []));
  }

  async prefetch(accountIds: readonly string[]): Promise<void> {
    await this.#accounts.prefetch(accountIds.map(streamOf));
  }

  async listOf(userId: string, { limit, after }: { limit: number; after?: string }): Promise<string[]> {
    const rows = await this.db.query<{ id: string }>(
      'select id from accounts where user_id = $1 and ($2::text is null or id > $2) order by id limit $3',
      [userId, after ?? null, limit],
    );
    return rows.map(({ id }) => id);
  }

  async execute(accountId: string, command: AccountCommand) {
    const { state, events, version } = await this.#accounts.execute(streamOf(accountId), command);
    return { account: state, events, version };
  }

  async entries(accountId: string, { limit, before }: { limit: number; before?: number }): Promise<LedgerEntry[]> {
    const to = before === undefined ? {} : { to: before - 1 };
    const events = await this.store.read(streamOf(accountId), { ...to, limit, backwards: true });
    return events.map((event) => ({ event: accountCodec.decode(event), at: event.at, version: event.version }));
  }
}
