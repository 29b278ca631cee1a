import type { Stop } from '@ashlar/domain';
import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';

export interface LinkOptions {
  /** `nats://127.0.0.1:4222`, or several with commas between them. */
  readonly url: string;
  /** What the server's operators see. */
  readonly name: string;
  readonly onError: (error: unknown) => void;
}

const ANSWER_WITHIN_MS = 5_000;
const RECONNECT = { reconnect: true, maxReconnectAttempts: -1, reconnectTimeWait: 250, reconnectJitter: 250 };
/** A connection that is dead and does not know it is found out within so much. */
const PING = { pingInterval: 5_000, maxPingOut: 2 };
/** A stack trace for each message costs as much as all the rest of its publication. */
const CHEAP = { noAsyncTraces: true };

/** The connection to the server. It comes back by itself, for as long as it takes. */
export class Link {
  readonly js: JetStreamClient;
  #isUp = true;
  readonly #onUp = new Set<() => void>();
  readonly #onDown = new Set<() => void>();

  private constructor(
    readonly connection: NatsConnection,
    readonly jsm: JetStreamManager,
    private readonly onError: (error: unknown) => void,
  ) {
    this.js = jetstream(connection, { timeout: ANSWER_WITHIN_MS });
    this.#watch().catch(onError);
  }

  static async connect({ url, name, onError }: LinkOptions): Promise<Link> {
    const servers = url.split(',').map((one) => one.trim());
    const connection = await connect({ servers, name, timeout: ANSWER_WITHIN_MS, ...RECONNECT, ...PING, ...CHEAP });
    try {
      const jsm = await jetstreamManager(connection, { timeout: ANSWER_WITHIN_MS });
      return new Link(connection, jsm, onError);
    } catch (error) {
      await connection.close();
      throw new Error(`The server at ${url} has no JetStream.`, { cause: error });
    }
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Called each time that the connection has come back. */
  onUp(work: () => void): Stop {
    this.#onUp.add(work);
    return () => this.#onUp.delete(work);
  }

  /** Called each time that the connection is lost. */
  onDown(work: () => void): Stop {
    this.#onDown.add(work);
    return () => this.#onDown.delete(work);
  }

  async check(): Promise<void> {
    if (!this.#isUp) throw new Error('The server is away.');
    await this.connection.flush();
  }

  async close(): Promise<void> {
    // What was said last, acknowledgements above all, still leaves.
    if (this.#isUp) await this.connection.flush().catch(this.onError);
    await this.connection.close();
  }

  async #watch(): Promise<void> {
    for await (const { type } of this.connection.status()) {
      if (type === 'disconnect') this.#turn(false, this.#onDown);
      else if (type === 'reconnect') this.#turn(true, this.#onUp);
    }
  }

  #turn(isUp: boolean, listeners: ReadonlySet<() => void>): void {
    this.#isUp = isUp;
    for (const listener of listeners) listener();
  }
}
