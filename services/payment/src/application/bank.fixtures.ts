import type { Clock, Transactions } from '@ashlar/domain';
import { type Account, account, isOpen } from '../domain/aggregates/account.aggregate.ts';
import { Deposit, type DepositState } from '../domain/entities/deposit.entity.ts';
import { Payment, type PaymentState } from '../domain/entities/payment.entity.ts';
import type { AccountEvent } from '../domain/events/account.events.ts';
import type { PaymentEvent } from '../domain/events/payment.events.ts';
import type { AccountRepository, LedgerEntry } from '../domain/repositories/account.repository.interface.ts';
import type { DepositRepository } from '../domain/repositories/deposit.repository.interface.ts';
import type { PaymentRepository } from '../domain/repositories/payment.repository.interface.ts';
import type { CardProcessor, Charge, ChargeOutcome } from './ports/card-processor.interface.ts';
import { CapturePaymentUseCase } from './use-cases/capture-payment.use-case.ts';
import { ReleasePaymentUseCase } from './use-cases/release-payment.use-case.ts';
import { ReservePaymentUseCase } from './use-cases/reserve-payment.use-case.ts';

export const noon = new Date('2026-01-01T12:00:00Z');
export const usd = (amount: number) => ({ amount, currency: 'USD' });

interface Ledger {
  readonly accountId: string;
  readonly userId: string;
  readonly currency: string;
  readonly entries: readonly LedgerEntry[];
}

/** A bank in memory: its accounts, what became of the payments, and what it has told others. */
export class Bank implements Transactions {
  #ledgers = new Map<string, Ledger>();
  #payments = new Map<string, PaymentState>();
  #deposits = new Map<string, DepositState>();
  #events: PaymentEvent[] = [];
  #ids = 0;
  #last: Promise<unknown> = Promise.resolve();
  readonly clock: Clock = { now: () => noon };
  readonly ids = { next: () => `id-${++this.#ids}` };
  /** Deposits for which a job was left. */
  readonly jobs: string[] = [];

  /** All or nothing, and one after another, like the database. */
  transaction<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(() => this.#run(work));
    this.#last = result.catch(() => {});
    return result;
  }

  async #run<T>(work: () => Promise<T>): Promise<T> {
    const [ledgers, payments, deposits] = [new Map(this.#ledgers), new Map(this.#payments), new Map(this.#deposits)];
    const events = [...this.#events];
    try {
      return await work();
    } catch (error) {
      this.#ledgers = ledgers;
      this.#payments = payments;
      this.#deposits = deposits;
      this.#events = events;
      throw error;
    }
  }

  readonly accounts: AccountRepository = {
    open: async ({ accountId, userId, currency }) => {
      if (await this.accounts.findIdOf(userId, currency)) return false;
      this.#ledgers.set(accountId, { accountId, userId, currency, entries: [] });
      return true;
    },
    find: async (accountId, asOf = noon) => {
      const entries = (this.#ledgers.get(accountId)?.entries ?? []).filter(({ at }) => at <= asOf);
      const state = stateOf(entries);
      return isOpen(state) ? { account: state, version: entries.length, createdAt: noon } : undefined;
    },
    findIdOf: async (userId, currency) => {
      const found = [...this.#ledgers.values()].find((one) => one.userId === userId && one.currency === currency);
      return found?.accountId;
    },
    findIdsOf: async () => [],
    prefetch: async () => {},
    listOf: async (userId, { after = '' }) => {
      const own = [...this.#ledgers.values()].filter((one) => one.userId === userId && one.accountId > after);
      return own.map(({ accountId }) => accountId);
    },
    execute: async (accountId, command) => {
      const ledger = this.#ledgers.get(accountId)!;
      const events = account.decide(command, stateOf(ledger.entries));
      const entries = [...ledger.entries];
      for (const event of events) entries.push({ event, at: noon, version: entries.length + 1 });
      this.#ledgers.set(accountId, { ...ledger, entries });
      return { account: stateOf(entries), events, version: entries.length };
    },
    entries: async (accountId, { limit, before = Number.POSITIVE_INFINITY }) => {
      const all = this.#ledgers.get(accountId)?.entries ?? [];
      return all
        .filter(({ version }) => version < before)
        .toReversed()
        .slice(0, limit);
    },
  };

  readonly payments: PaymentRepository = {
    find: async (orderId) => {
      const state = this.#payments.get(orderId);
      return state && Payment.restore(state);
    },
    prefetch: async () => [],
    save: async (payment) => {
      const { state } = payment;
      this.#payments.set(state.orderId, { ...state, version: state.version + 1 });
      this.#events.push(...payment.takeEvents());
    },
  };

  readonly deposits: DepositRepository = {
    pendingOf: async (accountId) => {
      const pending = [...this.#deposits.values()].filter(
        (one) => one.accountId === accountId && one.status === 'pending',
      );
      return pending.reduce((sum, { amount }) => sum + amount.amount, 0);
    },
    find: async (depositId) => {
      const state = this.#deposits.get(depositId);
      return state && Deposit.restore(state);
    },
    save: async ({ state }) => {
      this.#deposits.set(state.depositId, { ...state, version: state.version + 1 });
    },
  };

  readonly reserve = new ReservePaymentUseCase(this, this.payments, this.accounts);
  readonly release = new ReleasePaymentUseCase(this, this.payments, this.accounts);
  readonly capture = new CapturePaymentUseCase(this, this.payments, this.accounts);

  /** Opens the account `a1` of the user `u1`, in USD, with so much money. */
  async withMoney(amount: number): Promise<this> {
    const owner = { accountId: 'a1', userId: 'u1', currency: 'USD' };
    await this.accounts.open(owner, noon);
    await this.accounts.execute('a1', { type: 'Open', ...owner });
    if (amount > 0) await this.accounts.execute('a1', { type: 'Deposit', depositId: 'd0', amount });
    return this;
  }

  /** `reserved of balance` */
  async money(accountId = 'a1'): Promise<string> {
    const { balance, reserved } = (await this.accounts.find(accountId))!.account;
    return `${Object.values(reserved).reduce((sum, amount) => sum + amount, 0)} of ${balance}`;
  }

  /** The names of what it has told others, in order. */
  get said(): string[] {
    return this.#events.map(({ type }) => type);
  }

  get events(): readonly PaymentEvent[] {
    return this.#events;
  }

  /** The names of the account's entries, oldest first. */
  ledger(accountId = 'a1'): string[] {
    return (this.#ledgers.get(accountId)?.entries ?? []).map(({ event }) => event.type);
  }
}

const stateOf = (entries: readonly LedgerEntry[]): Account =>
  entries.reduce((state, { event }) => account.evolve(state, event as AccountEvent), account.initial);

/** A card processor that answers what it is told to, and charges each deposit once. */
export class HandProcessor implements CardProcessor {
  readonly charges = new Map<string, Charge>();
  readonly patience: boolean[] = [];
  answer: ChargeOutcome | 'unknown' = 'accepted';
  /** Whether it charges without an answer. */
  charged = false;

  async charge(charge: Charge, { patient }: { patient: boolean }): Promise<ChargeOutcome | 'unknown'> {
    this.patience.push(patient);
    if (this.answer === 'accepted' || this.charged) this.charges.set(charge.depositId, charge);
    return this.answer;
  }
}
