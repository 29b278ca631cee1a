import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { OrderView, Page } from '@ashlar/cli';
import { anAddress, type Customer } from '../shop/member.ts';

export interface WitnessOptions {
  readonly customers: readonly Customer[];
  readonly productIds: readonly string[];
  /** Told of every order that was taken. */
  readonly ordered: (id: string) => void;
}

const REST_MS = 100;
const LOOK_AGAIN_MS = 200;

/** People who order and look for it straight afterwards: with the token of the answer they have to find it. */
export class Witnesses {
  /** Reads straight after a write that were answered. */
  reads = 0;
  /** Reads that were put off: `503` in place of something old. */
  putOff = 0;
  readonly stale: string[] = [];
  readonly #options: WitnessOptions;
  #isRunning = true;
  #isGivenUp = false;
  #work: Promise<unknown> = Promise.resolve();

  constructor(options: WitnessOptions) {
    this.#options = options;
  }

  start(): void {
    this.#work = Promise.all(this.#options.customers.map((customer) => this.#watch(customer)));
    this.#work.catch(() => {});
  }

  async finish(): Promise<void> {
    this.#isRunning = false;
    await this.#work;
  }

  /** The test has failed: nothing is sent any more. */
  giveUp(): void {
    this.#isRunning = false;
    this.#isGivenUp = true;
  }

  async #watch(customer: Customer): Promise<void> {
    for (; this.#isRunning; await pause(REST_MS)) {
      const { id, token } = await this.#order(customer);
      this.#options.ordered(id);
      const headers = { 'consistency-token': token };
      const one = await customer.call<OrderView>(`GET /v1/orders/${id}`, { headers }).catch(() => undefined);
      this.#judge(one, `${id} itself`, one?.body.id === id);
      const list = await customer.call<Page<OrderView>>('GET /v1/orders', { headers }).catch(() => undefined);
      this.#judge(list, `${id} in the list`, list?.status === 200 && list.body.items[0]?.id === id);
    }
  }

  #judge(answer: { readonly status: number } | undefined, what: string, isThere: boolean): void {
    if (!answer || answer.status >= 500) {
      this.putOff += 1;
      return;
    }
    this.reads += 1;
    if (!isThere) this.stale.push(`${what}: ${answer.status}`);
  }

  /** Until it is taken. */
  async #order(customer: Customer) {
    const items = [{ productId: this.#options.productIds[0], quantity: 1 }];
    const body = { items, currency: 'USD', shippingAddress: anAddress };
    const headers = { 'idempotency-key': randomUUID() };
    while (!this.#isGivenUp) {
      const answer = await customer.call<OrderView>('POST /v1/orders', { body, headers }).catch(() => undefined);
      const token = answer?.headers['consistency-token'];
      if (answer?.status === 202 && token !== undefined) return { id: answer.body.id, token };
      await pause(LOOK_AGAIN_MS);
    }
    throw new Error('The witnesses were given up.');
  }
}
