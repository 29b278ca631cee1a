import { EventSourced, type Loaded } from '@ashlar/event-store';
import type { Stored } from '@ashlar/postgres';
import { MemoryEventStore, MemoryStates, references, type SimulatedPlatform, unique } from '@ashlar/simulation';
import { type Account, type AccountCommand, account, isOpen, isOver } from '../domain/aggregates/account.aggregate.ts';
import { Deposit, type DepositState } from '../domain/entities/deposit.entity.ts';
import { Payment, type PaymentState } from '../domain/entities/payment.entity.ts';
import type { AccountEvent } from '../domain/events/account.events.ts';
import type {
  AccountOwner,
  AccountRepository,
  AccountSnapshot,
} from '../domain/repositories/account.repository.interface.ts';
import type { DepositRepository } from '../domain/repositories/deposit.repository.interface.ts';
import type { PaymentRepository } from '../domain/repositories/payment.repository.interface.ts';
import { accountCodec, ledger } from '../infrastructure/repositories/account.codec.ts';
import { toMessage } from '../infrastructure/repositories/payment.message-mapper.ts';

export const ACCOUNTS = 'accounts';
export const PAYMENTS = 'payments';
export const DEPOSITS = 'deposits';
export interface StoredAccount {
  readonly userId: string;
  readonly currency: string;
  readonly createdAt: Date;
}
export type StoredPayment = Omit<PaymentState, 'orderId' | 'version'>;
export type StoredDeposit = Omit<DepositState, 'depositId' | 'version'>;

const streamOf = (accountId: string): string => `account-${accountId}`;

const ownerOf = ({ userId, currency }: { userId: string; currency: string }): string => `${userId} ${currency}`;

export class MemoryAccountRepository implements AccountRepository {
  readonly #owners: MemoryStates<StoredAccount>;
  readonly #store: MemoryEventStore;
  readonly #accounts: EventSourced<AccountCommand, AccountEvent, Account>;

  constructor(private readonly platform: SimulatedPlatform) {
    const { work, stored } = platform;
    this.#owners = new MemoryStates(work, stored.table<StoredAccount>(ACCOUNTS), {
      name: 'The account',
      constraints: [unique<StoredAccount>('accounts_user_id_currency_key', ({ state }) => ownerOf(state))],
      revive: ({ createdAt, ...state }) => ({ ...state, createdAt: new Date(createdAt) }),
    });
    this.#store = new MemoryEventStore(work, stored.events, ledger);
    this.#accounts = new EventSourced(work, this.#store, {
      decider: account,
      codec: accountCodec,
      snapshotSchema: 2,
      isOver,
      snapshotEvery: 5,
    });
  }

  /** Whoever opens an account of the same owner just now is waited for. */
  async open({ accountId, ...owner }: { accountId: string; userId: string; currency: string }, createdAt: Date) {
    return this.platform.work.transaction(async () => {
      await this.platform.work.lock([`account of ${ownerOf(owner)}`]);
      if (await this.findIdOf(owner.userId, owner.currency)) return false;
      await this.#owners.save({ id: accountId, version: 0, state: { ...owner, createdAt } });
      return true;
    });
  }

  async find(accountId: string, asOf?: Date): Promise<AccountSnapshot | undefined> {
    const owner = await this.#owners.find(accountId);
    if (!owner) return undefined;
    const { createdAt } = owner.state;
    const stream = streamOf(accountId);
    const loaded = asOf ? await this.#asOf(stream, asOf, createdAt) : await this.#accounts.load(stream);
    if (!loaded || !isOpen(loaded.state)) return undefined;
    return { account: loaded.state, version: loaded.version, createdAt };
  }

  async #asOf(stream: string, asOf: Date, createdAt: Date): Promise<Loaded<Account> | undefined> {
    const then = await this.#accounts.asOf(stream, asOf);
    if (then || asOf < createdAt) return then;
    const [opened] = await this.#store.read(stream, { to: 1 });
    return opened && { state: account.evolve(account.initial, accountCodec.decode(opened)), version: 1 };
  }

  async findIdOf(userId: string, currency: string): Promise<string | undefined> {
    const isWanted = ({ state }: Stored<StoredAccount>) => ownerOf(state) === ownerOf({ userId, currency });
    const [found] = await this.#owners.select('looks for an account', isWanted);
    return found?.id;
  }

  async findIdsOf(owners: readonly AccountOwner[]): Promise<readonly string[]> {
    if (owners.length === 0) return [];
    const wanted = new Set(owners.map(ownerOf));
    const found = await this.#owners.select('looks for accounts', ({ state }) => wanted.has(ownerOf(state)));
    return found.map(({ id }) => id);
  }

  async prefetch(accountIds: readonly string[]): Promise<void> {
    await this.#accounts.prefetch(accountIds.map(streamOf));
  }

  async listOf(userId: string, { limit, after }: { limit: number; after?: string }): Promise<string[]> {
    const isWanted = ({ id, state }: Stored<StoredAccount>) =>
      state.userId === userId && (after === undefined || id > after);
    const found = await this.#owners.select('lists accounts', isWanted);
    return found.slice(0, limit).map(({ id }) => id);
  }

  async execute(accountId: string, command: AccountCommand) {
    const { state, events, version } = await this.#accounts.execute(streamOf(accountId), command);
    return { account: state, events, version };
  }

  async entries(accountId: string, { limit, before }: { limit: number; before?: number }) {
    const to = before === undefined ? {} : { to: before - 1 };
    const events = await this.#store.read(streamOf(accountId), { ...to, limit, backwards: true });
    return events.map((event) => ({ event: accountCodec.decode(event), at: event.at, version: event.version }));
  }
}

export class MemoryPaymentRepository implements PaymentRepository {
  readonly #payments: MemoryStates<StoredPayment>;

  constructor(private readonly platform: SimulatedPlatform) {
    const { work, stored } = platform;
    this.#payments = new MemoryStates(work, stored.table<StoredPayment>(PAYMENTS), { name: 'The payment' });
  }

  async find(orderId: string): Promise<Payment | undefined> {
    return (await this.prefetch([orderId]))[0];
  }

  async prefetch(orderIds: readonly string[]): Promise<readonly Payment[]> {
    const found = await this.#payments.findMany(orderIds);
    return [...found].map(([orderId, { version, state }]) => Payment.restore({ orderId, version, ...state }));
  }

  async save(payment: Payment): Promise<void> {
    const { orderId, version, ...state } = payment.state;
    await this.platform.work.transaction(async () => {
      await this.#payments.save({ id: orderId, version, state });
      await this.platform.outbox.add(payment.takeEvents().map(toMessage));
    });
  }
}

export class MemoryDepositRepository implements DepositRepository {
  readonly #deposits: MemoryStates<StoredDeposit>;

  constructor(private readonly platform: SimulatedPlatform) {
    const { work, stored } = platform;
    this.#deposits = new MemoryStates(work, stored.table<StoredDeposit>(DEPOSITS), {
      name: 'The deposit',
      constraints: [
        references<StoredDeposit>('deposits_account_id_fkey', {
          table: stored.table(ACCOUNTS),
          of: ({ accountId }) => accountId,
        }),
      ],
    });
  }

  async pendingOf(accountId: string): Promise<number> {
    if (this.platform.work.inTransaction) await this.platform.work.lock([`deposits of ${accountId}`]);
    const isPending = ({ state }: Stored<StoredDeposit>) => state.accountId === accountId && state.status === 'pending';
    const pending = await this.#deposits.select('adds up deposits', isPending);
    return pending.reduce((sum, { state }) => sum + state.amount.amount, 0);
  }

  async find(depositId: string): Promise<Deposit | undefined> {
    const stored = await this.#deposits.find(depositId);
    return stored && Deposit.restore({ depositId, version: stored.version, ...stored.state });
  }

  async save(deposit: Deposit): Promise<void> {
    const { depositId, version, ...state } = deposit.state;
    await this.#deposits.save({ id: depositId, version, state });
  }
}
