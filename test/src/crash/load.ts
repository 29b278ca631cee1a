import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Answer, OrderView, Problem } from '@ashlar/cli';
import type { SeededChance } from '../shop/chance.ts';
import { anAddress, type Customer, dollars } from '../shop/member.ts';
import { eventually } from '../shop/waiting.ts';

export interface LoadOptions {
  readonly customers: readonly Customer[];
  readonly productIds: readonly string[];
  readonly chance: SeededChance;
  /** Requests begun in a second, whether the system is there or not. */
  readonly perSecond: number;
  /** Told how a request ended that was sent for the first time, before anybody sends it again. */
  readonly firstAnswer?: (outcome: FirstAnswer) => void;
}

export interface FirstAnswer {
  readonly call: string;
  /** 0 where none came. */
  readonly status: number;
  readonly problem: Partial<Problem>;
  readonly ms: number;
}

type Deed = 'order' | 'deposit' | 'withdrawal' | 'cancellation';

/** What may be answered in the end; everything else is a fault. */
const GOOD: Readonly<Record<Deed, readonly (number | string)[]>> = {
  order: [202],
  deposit: [201, 202, 'card_declined'],
  withdrawal: [201, 'insufficient_funds'],
  cancellation: [202, 'too_late', 'not_cancellable'],
};

const RETRY_MS = 150;
const MOST_OPEN = 150;
const TICK_MS = 10;
const ANSWERED_WITHIN_MS = 90_000;
const MORE_WITHIN_MS = 120_000;

/** Customers who shop on while the system dies and comes back: each request is sent until it is answered. */
export class Load {
  readonly orderIds: string[] = [];
  readonly cancelledIds = new Set<string>();
  readonly faults: string[] = [];
  /** By cards that are good, as far as it was answered. */
  paidIn = 0;
  answered = 0;
  retried = 0;
  /** Answers from 500 on, by status and code. */
  readonly failures = new Map<string, number>();
  readonly #open = new Set<Promise<void>>();
  readonly #cancellable: { readonly customer: Customer; readonly id: string }[] = [];
  #onOrder: (() => void)[] = [];
  readonly #options: LoadOptions;
  #isRunning = false;
  #isGivenUp = false;
  #isUp: Promise<void> = Promise.resolve();
  #pacing: Promise<void> = Promise.resolve();

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  start(): void {
    this.#isRunning = true;
    this.#pacing = this.#pace();
  }

  /** Resolves when the next order has been accepted: at that moment it is on its way. */
  nextOrder(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onOrder.push(resolve);
    return promise;
  }

  /** Resolves when so many more requests have been answered. */
  moreAnswers(count: number): Promise<void> {
    const enough = this.answered + count;
    return eventually(`${count} more requests are answered`, () => this.answered >= enough, MORE_WITHIN_MS);
  }

  /** While the system is known to be down nobody knocks at its door; what was on its way is lost, and sent again. */
  async whileDown(restart: () => Promise<void>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#isUp = promise;
    await restart().finally(resolve);
  }

  /** The test has failed: nothing is sent any more. */
  giveUp(): void {
    this.#isRunning = false;
    this.#isGivenUp = true;
  }

  /** Begins nothing new; resolves when everything that was begun has its answer, and fails if that takes too long. */
  async finish(): Promise<void> {
    this.#isRunning = false;
    await this.#pacing;
    await eventually('every request is answered', () => this.#open.size === 0, ANSWERED_WITHIN_MS);
  }

  async #pace(): Promise<void> {
    const began = performance.now();
    for (let begun = 0; this.#isRunning; await pause(TICK_MS)) {
      const due = ((performance.now() - began) / 1_000) * this.#options.perSecond;
      for (; begun < due; begun++) if (this.#open.size < MOST_OPEN) this.#begin();
    }
  }

  #begin(): void {
    const deed = this.#choose()
      .catch((error: unknown) => void this.faults.push(String(error)))
      .finally(() => this.#open.delete(deed));
    this.#open.add(deed);
  }

  #choose(): Promise<void> {
    const { chance, customers } = this.#options;
    const customer = customers[chance.between(0, customers.length - 1)]!;
    const dice = chance.next();
    if (dice < 0.65) return this.#order(customer);
    if (dice < 0.78) return this.#deposit(customer);
    if (dice < 0.83) return this.#withdraw(customer);
    return this.#cancel() ?? this.#order(customer);
  }

  async #order(customer: Customer): Promise<void> {
    const { chance, productIds } = this.#options;
    const productId = productIds[chance.between(0, productIds.length - 1)]!;
    const dice = chance.next();
    const country = dice < 0.1 ? 'AQ' : 'US';
    const quantity = dice > 0.95 ? 1_000 : chance.between(1, 3);
    const body = { items: [{ productId, quantity }], currency: 'USD', shippingAddress: { ...anAddress, country } };
    const answer = await this.#insist<OrderView>('order', customer, { path: '/v1/orders', body });
    if (answer.status !== 202) return;
    this.orderIds.push(answer.body.id);
    for (const tell of this.#onOrder.splice(0)) tell();
    this.#cancellable.push({ customer, id: answer.body.id });
  }

  async #deposit(customer: Customer): Promise<void> {
    const cardToken = this.#options.chance.next() < 0.1 ? 'tok_declined' : 'tok_visa';
    const amount = dollars(this.#options.chance.between(1, 50_000));
    const path = `/v1/accounts/${customer.account.id}/deposits` as const;
    const { status } = await this.#insist('deposit', customer, { path, body: { amount, cardToken } });
    if (status < 300 && cardToken === 'tok_visa') this.paidIn += amount.amount;
  }

  async #withdraw(customer: Customer): Promise<void> {
    const body = { amount: dollars(this.#options.chance.between(1, 5_000)) };
    await this.#insist('withdrawal', customer, { path: `/v1/accounts/${customer.account.id}/withdrawals`, body });
  }

  #cancel(): Promise<void> | undefined {
    const last = this.#cancellable.pop();
    return last && this.#cancelOne(last);
  }

  async #cancelOne({ customer, id }: { readonly customer: Customer; readonly id: string }): Promise<void> {
    const answer = await this.#insist('cancellation', customer, { path: `/v1/orders/${id}/cancellation` });
    if (answer.status === 202) this.cancelledIds.add(id);
  }

  async #insist<Body>(
    deed: Deed,
    customer: Customer,
    { path, body }: { path: `/${string}`; body?: object },
  ): Promise<Answer<Body>> {
    const headers = { 'idempotency-key': randomUUID() };
    for (let sent = 1; !this.#isGivenUp; sent++) {
      const began = performance.now();
      const answer = await customer.call<Body>(`POST ${path}`, { body, headers }).catch(() => undefined);
      if (sent === 1) this.#tell(deed, answer, performance.now() - began);
      if (answer && !this.#isPassing(answer)) {
        this.answered += 1;
        this.#judge(deed, answer);
        return answer;
      }
      this.retried += 1;
      await pause(RETRY_MS);
      await this.#isUp;
    }
    throw new Error('The load was given up.');
  }

  #tell(call: Deed, answer: Answer<unknown> | undefined, ms: number): void {
    const { status = 0, body } = answer ?? {};
    this.#options.firstAnswer?.({ call, status, problem: body ?? {}, ms });
  }

  #isPassing(answer: Answer<unknown>): boolean {
    const { code } = (answer.body ?? {}) as Partial<Problem>;
    if (answer.status >= 500)
      this.failures.set(`${answer.status} ${code}`, (this.failures.get(`${answer.status} ${code}`) ?? 0) + 1);
    return answer.status >= 500 || code === 'idempotency_in_progress';
  }

  #judge(deed: Deed, { status, body, text }: Answer<unknown>): void {
    const { code } = (body ?? {}) as Partial<Problem>;
    if (!GOOD[deed].includes(status) && !GOOD[deed].includes(code ?? ''))
      this.faults.push(`${deed}: ${status} ${text}`);
  }
}
