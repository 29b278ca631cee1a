import type { Contract } from '@ashlar/messaging';
import { initialState, type Output, type SagaDefinition, SagaEngine, type SagaState } from '@ashlar/saga';
import { Order } from '../../domain/entities/order.entity.ts';
import type { Checkout } from './checkout.saga.ts';

const noon = new Date('2026-01-01T12:00:00Z');
const usd = (amount: number) => ({ amount, currency: 'USD' });
const cup = { productId: 'cup', name: 'Cup', quantity: 3, unitPrice: usd(500) };
/** Where the parcel goes, for shipping alone. */
export const carriage = { of: 'u1', as: 'address', sealed: 'box.' };
const draft = { id: 'o1', userId: 'u1', currency: 'USD', items: [cup] } as const;

/** The checkout of an order for three cups, in the hands of a test. */
export class OneCheckout {
  readonly #engine: SagaEngine<Checkout>;
  /** What it has sent: contract and data. */
  readonly sent: { readonly type: string; readonly key?: string; readonly data: unknown }[] = [];
  /** What the order hears of it: `reserve stock done`. */
  readonly progress: string[] = [];
  state: SagaState<Checkout>;

  constructor(definition: SagaDefinition<Checkout>) {
    this.#engine = new SagaEngine(definition, { timeoutMs: 30_000, stuckAfter: 5 });
    const { state } = Order.place({ ...draft, saga: 'orchestration' }, noon);
    this.state = initialState(definition, { ...state, carriage });
    this.#follow(this.#engine.advance(this.state, { type: 'start' }, noon.toISOString()));
  }

  /** The replies, time-outs and cancellations that it hears. */
  hears(...happenings: readonly (Contract | 'timeout' | 'cancel')[]): this {
    for (const happening of happenings) {
      const input =
        typeof happening === 'string'
          ? ({ type: happening } as const)
          : ({ type: 'reply', contract: happening.type } as const);
      this.#follow(this.#engine.advance(this.state, input, noon.toISOString()));
    }
    return this;
  }

  /** `ReservePayment`, and at last `completed` or why it was not. */
  get said(): string[] {
    const words = this.sent.map(({ type }) => type.split('.')[1]!);
    if (this.state.direction !== 'ended') return words;
    return [...words, this.state.reason ?? 'completed'];
  }

  #follow([state, outputs]: readonly [SagaState<Checkout>, readonly Output[]]): void {
    this.state = state;
    for (const output of outputs) {
      if (output.type === 'send') this.sent.push({ ...output.message, type: output.message.contract.type });
      if (output.type === 'progress') this.progress.push(`${output.step} ${output.status}`);
      if (output.type !== 'local') continue;
      const { step, action } = output;
      this.#follow(this.#engine.advance(this.state, { type: 'local', step, action }, noon.toISOString()));
    }
  }
}
