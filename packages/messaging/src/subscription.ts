import { type Contract, type Data, upToDate, versionsOf } from './contract.ts';
import { type Message, schemaOf } from './message.ts';

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

/** What those of the messages say that are of this contract. */
export const dataOf = <C extends Contract>(contract: C, messages: readonly Message[]): Data<C>[] =>
  messages.flatMap(({ type, data }) => (type === contract.type ? [data as Data<C>] : []));

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
   * What it feeds may be a moment old: whatever it hears may wait a tenth of a second for company, so that there is one
   * transaction for many, and no reader waits for it. Who needs newer data reads them at their source.
   */
  readonly isPatient?: true;
  /**
   * Loads into the transaction what a whole batch will need, by the keys of its messages and by what those of them say
   * that keep their contracts: a query for all instead of one each. It only reads; what it leaves out is read later.
   */
  prefetch?(keys: readonly string[], messages: readonly Message[]): Promise<unknown>;
}

/** A message whose data breaks its contract; no retry will mend it. */
export class ContractViolationError extends Error {
  override readonly name = 'ContractViolationError';
}

/** A reaction, and a message as its contract has it today; or what is wrong with that message. */
type Found = { readonly subscription: Subscription } & ({ readonly message: Message } | { readonly wrong: string });

/**
 * Finds the reaction to a message, and brings the message up to date for it. A type without one is none of this
 * consumer's business; an older version with a reaction of its own goes there.
 */
export class Dispatcher {
  readonly channels: readonly string[];
  readonly #byType: ReadonlyMap<string, Subscription>;
  readonly #found = new WeakMap<Message, Found>();

  constructor({ name, subscriptions }: ConsumerDefinition) {
    this.channels = [...new Set(subscriptions.map(({ contract }) => contract.channel))];
    const own = new Map(subscriptions.map((subscription) => [subscription.contract.type, subscription]));
    if (own.size < subscriptions.length) throw new Error(`The consumer ${name} reacts twice to one type.`);
    const older = subscriptions.flatMap((subscription) =>
      versionsOf(subscription.contract).map(({ type }) => [type, subscription] as const),
    );
    this.#byType = new Map([...older, ...own]);
  }

  /** The types to which it reacts whatever the messages say. */
  get handles(): readonly string[] {
    return [...this.#byType].flatMap(([type, { concerns }]) => (concerns ? [] : [type]));
  }

  async dispatch(given: Message): Promise<void> {
    const found = this.#find(given);
    if (!found) return;
    if ('wrong' in found) throw new ContractViolationError(found.wrong);
    const { subscription, message } = found;
    if (subscription.concerns?.(message) ?? true) await subscription.handle(message);
  }

  /** Whether there is anything to do for it but to move the mark. Whoever cannot tell has to look. */
  concerns(message: Message): boolean {
    const subscription = this.#byType.get(message.type);
    if (!subscription) return false;
    if (!subscription.concerns) return true;
    const found = this.#find(message);
    return !found || 'wrong' in found || subscription.concerns(found.message);
  }

  /** The message as its contract has it today; nothing where there is nothing to do for it, or something wrong. */
  today(given: Message): Message | undefined {
    const found = this.#find(given);
    if (!found || 'wrong' in found) return undefined;
    const { subscription, message } = found;
    return (subscription.concerns?.(message) ?? true) ? message : undefined;
  }

  /** Each message is looked at once, however often it is asked for. */
  #find(message: Message): Found | undefined {
    const subscription = this.#byType.get(message.type);
    if (!subscription) return undefined;
    const found = this.#found.get(message) ?? this.#look(subscription, message);
    this.#found.set(message, found);
    return found;
  }

  #look(subscription: Subscription, message: Message): Found {
    const { contract } = subscription;
    const today = upToDate(contract, message.type, message.data);
    if ('wrong' in today) return { subscription, ...today };
    if (contract.type === message.type) return { subscription, message };
    const { type } = contract;
    return { subscription, message: { ...message, type, dataschema: schemaOf(type), data: today.data } };
  }
}
