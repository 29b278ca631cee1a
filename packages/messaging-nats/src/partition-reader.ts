import type { Stop, Timers } from '@ashlar/domain';
import type { Claim, Delivery, Message } from '@ashlar/messaging';
import type { ConsumerMessages, JsMsg } from '@nats-io/jetstream';
import type { Durable } from './durable.ts';
import type { Link } from './link.ts';

export interface PartitionReaderOptions {
  readonly link: Link;
  readonly channel: string;
  readonly durable: Durable;
  /** In whose name it reads; without one it shares the durable with whoever reads from it as well. */
  readonly claim: Claim | undefined;
  readonly deliver: (delivery: Delivery) => void;
  readonly timers: Timers;
  readonly onError: (error: unknown) => void;
}

const TRY_AGAIN_MS = { least: 100, most: 2_000 };

/**
 * Reads one partition of a channel for one consumer, until it is closed: whatever happens to the connection, to the
 * stream or to its durable. It reads nothing while its claim is in doubt.
 */
export class PartitionReader {
  readonly #open = new Set<JsMsg>();
  #messages: ConsumerMessages | undefined;
  #isClosed = false;
  #wake: () => void = () => {};
  readonly #stopListening: Stop;

  constructor(private readonly options: PartitionReaderOptions) {
    // Whatever was on its way when the connection was lost would be long in coming.
    this.#stopListening = options.link.onUp(() => this.#again());
    void this.#read();
  }

  /** Hears nothing more. */
  close(): void {
    this.#isClosed = true;
    this.#stopListening();
    this.#again();
  }

  /** What has not been acknowledged may be delivered to others at once. */
  giveBack(): void {
    for (const message of this.#open) message.nak();
    this.#open.clear();
  }

  #again(): void {
    this.#messages?.stop();
    this.#wake();
  }

  async #read(): Promise<void> {
    for (let failures = 0; !this.#isClosed; ) {
      try {
        if (this.#isDoubtful) await this.#pause(TRY_AGAIN_MS.least);
        else await this.#consume();
        failures = 0;
      } catch (error) {
        failures += 1;
        if (!this.#isClosed) this.options.onError(error);
        await this.#pause(Math.min(TRY_AGAIN_MS.least * 2 ** failures, TRY_AGAIN_MS.most));
      }
    }
  }

  async #consume(): Promise<void> {
    const { durable, claim } = this.options;
    const consumer = await durable.prepare({ isExclusive: claim !== undefined });
    if (this.#isClosed || this.#isDoubtful) return;
    const messages = await consumer.consume({ ...durable.pull, callback: (message) => this.#deliver(message) });
    this.#messages = messages;
    if (this.#isClosed) messages.stop();
    const error = await messages.closed();
    this.#messages = undefined;
    if (error) throw error;
  }

  get #isDoubtful(): boolean {
    return this.options.claim?.isHeld === false;
  }

  #deliver(message: JsMsg): void {
    const { channel, claim, deliver } = this.options;
    if (this.#isClosed || this.#isDoubtful) {
      message.nak();
      return this.#again();
    }
    const ours = this.#parse(message);
    if (!ours) return;
    this.#open.add(message);
    const ack = () => {
      if (this.#open.delete(message)) message.ack();
    };
    deliver({ channel, message: ours, ack, ...(claim && { claim }) });
  }

  /** What is no message of ours would come again for ever. */
  #parse(message: JsMsg): Message | undefined {
    try {
      return message.json<Message>();
    } catch (error) {
      this.options.onError(error);
      message.term();
      return undefined;
    }
  }

  /** Ends early when the connection has come back. */
  async #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const stop = this.options.timers.once(ms, resolve);
    await promise;
    stop();
  }
}
