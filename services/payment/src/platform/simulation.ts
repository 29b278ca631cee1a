import { EventSourced } from '@ashlar/event-store';
import { MemoryEventStore, MemoryStates, type SimulatedDefinition, type SimulatedPlatform } from '@ashlar/simulation';
import type { PaymentApplication } from '../application/payment.application.ts';
import type { CardProcessor, Charge, ChargeOutcome } from '../application/ports/card-processor.interface.ts';
import { type Account, type AccountCommand, account, isOpen } from '../domain/aggregates/account.aggregate.ts';
import { Deposit, type DepositState } from '../domain/entities/deposit.entity.ts';
import { Payment, type PaymentState } from '../domain/entities/payment.entity.ts';
import type { AccountEvent } from '../domain/events/account.events.ts';
import type { AccountRepository } from '../domain/repositories/account.repository.interface.ts';
import type { DepositRepository } from '../domain/repositories/deposit.repository.interface.ts';
import type { PaymentRepository } from '../domain/repositories/payment.repository.interface.ts';
import { QueuedDepositJobs } from '../infrastructure/external-api/deposit-jobs.impl.ts';
import { accountCodec } from '../infrastructure/repositories/account.codec.ts';
import { toMessage } from '../infrastructure/repositories/payment.message-mapper.ts';
import { createPaymentService } from './composition-root.ts';

export type { PaymentApplication };

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

class MemoryAccountRepository implements AccountRepository {
  readonly #owners: MemoryStates<StoredAccount>;
  readonly #store: MemoryEventStore;
  readonly #accounts: EventSourced<AccountCommand, AccountEvent, Account>;

  constructor(private readonly platform: SimulatedPlatform) {
    const { work, stored } = platform;
    this.#owners = new MemoryStates(work, stored.table<StoredAccount>(ACCOUNTS), { name: 'The account' });
    this.#store = new MemoryEventStore(work, stored.events);
    this.#accounts = new EventSourced(work, this.#store, {
      decider: account,
      codec: accountCodec,
      snapshotSchema: 1,
      snapshotEvery: 5,
    });
  }

  async open({ accountId, ...owner }: { accountId: string; userId: string; currency: string }, createdAt: Date) {
    if (await this.findIdOf(owner.userId, owner.currency)) return false;
    await this.#owners.save({ id: accountId, version: 0, state: { ...owner, createdAt } });
    return true;
  }

  async find(accountId: string) {
    const owner = await this.#owners.find(accountId);
    const { state, version } = await this.#accounts.load(streamOf(accountId));
    return owner && isOpen(state) ? { account: state, version, createdAt: owner.state.createdAt } : undefined;
  }

  async findIdOf(userId: string, currency: string): Promise<string | undefined> {
    return this.platform.work.read('looks for an account', () => {
      const all = [...this.platform.stored.table<StoredAccount>(ACCOUNTS).values()];
      return all.find(({ state }) => state.userId === userId && state.currency === currency)?.id;
    });
  }

  async listOf(userId: string): Promise<string[]> {
    const all = [...this.platform.stored.table<StoredAccount>(ACCOUNTS).values()];
    return all.filter(({ state }) => state.userId === userId).map(({ id }) => id);
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

class MemoryPaymentRepository implements PaymentRepository {
  readonly #payments: MemoryStates<StoredPayment>;

  constructor(private readonly platform: SimulatedPlatform) {
    const { work, stored } = platform;
    this.#payments = new MemoryStates(work, stored.table<StoredPayment>(PAYMENTS), { name: 'The payment' });
  }

  async find(orderId: string): Promise<Payment | undefined> {
    const stored = await this.#payments.find(orderId);
    return stored && Payment.restore({ orderId, version: stored.version, ...stored.state });
  }

  async prefetch(orderIds: readonly string[]): Promise<void> {
    await this.#payments.findMany(orderIds);
  }

  async save(payment: Payment): Promise<void> {
    const { orderId, version, ...state } = payment.state;
    await this.platform.work.transaction(async () => {
      await this.#payments.save({ id: orderId, version, state });
      await this.platform.outbox.add(payment.takeEvents().map(toMessage));
    });
  }
}

class MemoryDepositRepository implements DepositRepository {
  readonly #deposits: MemoryStates<StoredDeposit>;

  constructor(private readonly platform: SimulatedPlatform) {
    const { work, stored } = platform;
    this.#deposits = new MemoryStates(work, stored.table<StoredDeposit>(DEPOSITS), { name: 'The deposit' });
  }

  async pendingOf(accountId: string): Promise<number> {
    const all = [...this.platform.stored.table<StoredDeposit>(DEPOSITS).values()];
    return all.reduce(
      (sum, { state }) => sum + (state.accountId === accountId && state.status === 'pending' ? state.amount.amount : 0),
      0,
    );
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

/** What the world outside has charged, whatever became of its answers. */
export type Charges = Map<string, Charge>;

class SimulatedCardProcessor implements CardProcessor {
  constructor(
    private readonly platform: SimulatedPlatform,
    private readonly charges: Charges,
  ) {}

  async charge(charge: Charge): Promise<ChargeOutcome | 'unknown'> {
    const effect = (): ChargeOutcome => {
      if (charge.cardToken === 'tok_declined') return 'declined';
      this.charges.set(charge.depositId, charge);
      return 'accepted';
    };
    return this.platform.outside('charges a card', effect).catch(() => 'unknown' as const);
  }
}

/** The service on memory, for simulations: the same composition root with other adapters. */
export const simulatedPaymentService = (charges: Charges): SimulatedDefinition<PaymentApplication> => ({
  name: 'payment',
  create: (platform) => {
    const { work, clock, ids, jobs } = platform;
    const { application, consumers } = createPaymentService({
      transactions: work,
      accounts: new MemoryAccountRepository(platform),
      payments: new MemoryPaymentRepository(platform),
      deposits: new MemoryDepositRepository(platform),
      cardProcessor: new SimulatedCardProcessor(platform, charges),
      clock,
      ids,
      depositJobs: (finish) => new QueuedDepositJobs(jobs.queue({ name: 'finish-deposits' }, finish)),
      breakers: () => [],
      close: async () => {},
    });
    return { app: application, consumers };
  },
});
