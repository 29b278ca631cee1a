import type { Timers } from '@ashlar/domain';
import type { Bus } from './bus.ts';
import type { Verdict } from './inbox.ts';

/** Which channels the consumers of a service have begun to read. */
export interface Registrations {
  channelsOf(consumer: string): Promise<string[]>;
  add(consumer: string, channel: string): Promise<void>;
  /** Keeps only those of these consumers and their channels. */
  keepOnly(present: readonly { readonly consumer: string; readonly channel: string }[]): Promise<void>;
}

export interface RegistrationOptions {
  readonly registrations: Registrations;
  readonly bus: Bus;
  readonly consumer: string;
  readonly channels: readonly string[];
  readonly from: 'oldest' | 'now';
  /** Resolves when everything that was published before is handled, on whichever replica. */
  readonly caughtUp: () => Promise<void>;
  readonly isStopped: () => boolean;
  readonly timers: Timers;
  readonly onError: (error: unknown) => void;
}

const ASK_AGAIN_MS = 1_000;

/** Which channels a consumer has begun to read, and from where. */
export class Registration {
  /** Channels that it begins with what is said from now on: what was said before only moves the marks. */
  readonly #beginning = new Set<string>();
  #isKnown: boolean;

  constructor(private readonly options: RegistrationOptions) {
    this.#isKnown = options.from === 'oldest';
  }

  /** Whether it is clear what may be handled: one that begins `now` has to know its channels first. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** Whether messages of the channel only move the marks; none is parked then, for it would be handled there. */
  isBeginning(channel: string): boolean {
    return this.#beginning.has(channel);
  }

  /**
   * What is done with a message at a beginning: it only moves its mark. One that comes ahead of others does so as well:
   * they had been said by then, and would be handled if the line waited for them until this is over.
   */
  judged(channel: string, verdict: Verdict): Verdict | 'skipped' {
    return this.isBeginning(channel) && (verdict === 'next' || verdict === 'ahead') ? 'skipped' : verdict;
  }

  /**
   * Ends the beginning on channels where another replica has ended it: whoever says something from then on counts on
   * its being heard. In the transaction of messages that had come before it.
   */
  async look(): Promise<void> {
    if (this.#beginning.size === 0) return;
    const { registrations, consumer } = this.options;
    for (const channel of await registrations.channelsOf(consumer)) this.#beginning.delete(channel);
  }

  /** Asks for what was said on channels that are new, and writes down that they no longer are. */
  async catchUp(onKnown: () => void): Promise<void> {
    const { registrations, consumer, channels, from } = this.options;
    const old = new Set(await registrations.channelsOf(consumer));
    const added = channels.filter((channel) => !old.has(channel));
    if (from === 'now') for (const channel of added) this.#beginning.add(channel);
    this.#isKnown = true;
    onKnown();
    for (const channel of added) await this.#begin(channel);
  }

  async #begin(channel: string): Promise<void> {
    const { registrations, consumer, from, caughtUp } = this.options;
    await this.#replay(channel);
    if (from === 'now') await caughtUp();
    await registrations.add(consumer, channel);
    this.#beginning.delete(channel);
  }

  /** A source that is slow to start, or starts anew meanwhile, is no reason to give up. */
  async #replay(channel: string): Promise<void> {
    const { bus, isStopped, timers, onError } = this.options;
    for (;;) {
      try {
        return await bus.replay(channel);
      } catch (error) {
        if (isStopped()) throw error;
        onError(error);
        await new Promise<void>((resolve) => void timers.once(ASK_AGAIN_MS, resolve));
      }
    }
  }
}

interface Named {
  readonly name: string;
  readonly channels: readonly string[];
}

/**
 * Forgets the registrations of consumers, and of channels, that a service no longer has: whatever is said while they
 * are away counts as published without them, so that at their return they have to ask for it.
 */
export async function forgetAbsent(registrations: Registrations, consumers: readonly Named[]): Promise<void> {
  const present = consumers.flatMap(({ name, channels }) => channels.map((channel) => ({ consumer: name, channel })));
  await registrations.keepOnly(present);
}
