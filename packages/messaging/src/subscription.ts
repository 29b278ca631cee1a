import { type Contract, type Data, violation } from './contract.ts';
import type { Message } from './message.ts';

/** One reaction of a consumer: what it does when it hears a message of this contract. */
export interface Subscription {
  readonly contract: Contract;
  handle(message: Message): Promise<unknown>;
}

/** A reaction, to every message of the contract or only to those whose data are of interest. */
export const on = <C extends Contract>(
  contract: C,
  handle: (message: Message<Data<C>>) => Promise<unknown>,
  { when }: { when?: (data: Data<C>) => boolean } = {},
): Subscription => ({
  contract,
  handle: async (message) => {
    const typed = message as Message<Data<C>>;
    if (!when || when(typed.data)) await handle(typed);
  },
});

/** A named set of reactions, at most one per type, with one inbox and one fate. */
export interface ConsumerDefinition {
  readonly name: string;
  readonly subscriptions: readonly Subscription[];
  /**
   * Loads what a whole batch will need, by the keys of its messages, into the transaction: two queries instead of two
   * each.
   */
  prefetch?(keys: readonly string[]): Promise<unknown>;
}

/** A message whose data breaks its contract; no retry will mend it. */
export class ContractViolationError extends Error {
  override readonly name = 'ContractViolationError';
}

/** Finds the reaction to a message. A type without one is none of this consumer's business. */
export class Dispatcher {
  readonly channels: readonly string[];
  readonly #byType: ReadonlyMap<string, Subscription>;

  constructor({ name, subscriptions }: ConsumerDefinition) {
    this.channels = [...new Set(subscriptions.map(({ contract }) => contract.channel))];
    this.#byType = new Map(subscriptions.map((subscription) => [subscription.contract.type, subscription]));
    if (this.#byType.size < subscriptions.length) throw new Error(`The consumer ${name} reacts twice to one type.`);
  }

  async dispatch(message: Message): Promise<void> {
    const subscription = this.#byType.get(message.type);
    if (!subscription) return;
    const wrong = violation(subscription.contract, message.data);
    if (wrong) throw new ContractViolationError(`${message.type}: ${wrong}`);
    await subscription.handle(message);
  }

  knows(type: string): boolean {
    return this.#byType.has(type);
  }
}
