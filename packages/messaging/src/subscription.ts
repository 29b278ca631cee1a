import { type Contract, type Data, violation } from './contract.ts';
import type { Message } from './message.ts';

/** One reaction of a consumer: what it does when it hears a message of this contract. */
export interface Subscription {
  readonly contract: Contract;
  handle(message: Message): Promise<unknown>;
  /** Whether there is anything to do for it; always where absent. What is not of interest may wait for company. */
  concerns?(message: Message): boolean;
}

/** A reaction, to every message of the contract or only to those whose data are of interest. */
export const on = <C extends Contract>(
  contract: C,
  handle: (message: Message<Data<C>>) => Promise<unknown>,
  { when }: { when?: (data: Data<C>) => boolean } = {},
): Subscription => ({
  contract,
  handle: async (message) => handle(message as Message<Data<C>>),
  ...(when && { concerns: (message: Message) => when((message as Message<Data<C>>).data) }),
});

/** A named set of reactions, at most one per type, with one inbox and one fate. */
export interface ConsumerDefinition {
  readonly name: string;
  /**
   * Where it begins on a channel that is new to it: with the oldest message that is kept, or, with `now`, only with
   * what is said after its registration there.
   */
  readonly from?: 'oldest' | 'now';
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
    if (subscription.concerns?.(message) ?? true) await subscription.handle(message);
  }

  /** Whether there is anything to do for it but to move the mark. Whoever cannot tell has to look. */
  concerns(message: Message): boolean {
    const subscription = this.#byType.get(message.type);
    if (!subscription) return false;
    if (!subscription.concerns) return true;
    return violation(subscription.contract, message.data) !== undefined || subscription.concerns(message);
  }
}
