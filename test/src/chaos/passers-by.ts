import { setTimeout as pause } from 'node:timers/promises';
import type { Problem } from '@ashlar/cli';
import type { FirstAnswer } from '../crash/load.ts';
import type { SeededChance } from '../shop/chance.ts';
import type { Customer } from '../shop/member.ts';

export interface PassersByOptions {
  readonly customers: readonly Customer[];
  readonly productIds: readonly string[];
  readonly orderIds: readonly string[];
  readonly chance: SeededChance;
  readonly perSecond: number;
  readonly firstAnswer: (answer: FirstAnswer) => void;
}

const TICK_MS = 10;

/** People who only look: each question is asked once, at its time, however the others fare. */
export class PassersBy {
  readonly #open = new Set<Promise<void>>();
  readonly #options: PassersByOptions;
  #isRunning = true;
  #pacing: Promise<void> = Promise.resolve();

  constructor(options: PassersByOptions) {
    this.#options = options;
  }

  start(): void {
    this.#pacing = this.#pace();
  }

  /** The test has failed: nobody looks any more. */
  giveUp(): void {
    this.#isRunning = false;
  }

  async finish(): Promise<void> {
    this.#isRunning = false;
    await this.#pacing;
    await Promise.all(this.#open);
  }

  async #pace(): Promise<void> {
    const began = performance.now();
    for (let begun = 0; this.#isRunning; await pause(TICK_MS)) {
      const due = ((performance.now() - began) / 1_000) * this.#options.perSecond;
      for (; begun < due; begun++) this.#look();
    }
  }

  #look(): void {
    const { customers, chance, firstAnswer } = this.#options;
    const customer = customers[chance.between(0, customers.length - 1)]!;
    const call = this.#choose(customer);
    const began = performance.now();
    const kind = call.replaceAll(/[0-9a-f-]{36}/g, ':id');
    const asked = customer.call<Partial<Problem>>(call).then(
      ({ status, body }) => ({ status, problem: body ?? {} }),
      () => ({ status: 0, problem: {} }),
    );
    const told = asked
      .then((answer) => firstAnswer({ ...answer, call: kind, ms: performance.now() - began }))
      .finally(() => this.#open.delete(told));
    this.#open.add(told);
  }

  #choose({ account }: Customer): `GET /${string}` {
    const { chance, productIds, orderIds } = this.#options;
    const productId = productIds[chance.between(0, productIds.length - 1)];
    const calls: `GET /${string}`[] = [
      'GET /v1/orders',
      orderIds.length > 0 ? `GET /v1/orders/${orderIds.at(-1)}` : 'GET /v1/orders',
      'GET /v1/users/me',
      `GET /v1/accounts/${account.id}`,
      `GET /v1/products/${productId}`,
      `GET /v1/inventory/${productId}`,
      orderIds.length > 0 ? `GET /v1/shipments/${orderIds.at(-1)}` : 'GET /v1/accounts',
    ];
    return calls[chance.between(0, calls.length - 1)]!;
  }
}
