import { connect, type Socket } from 'node:net';
import pg, { type PoolClient } from 'pg';

export interface SilenceOptions {
  readonly url: string;
  /** How long an answer may be late before the server is asked whether it lives; 2,000 when not told. */
  readonly patienceMs?: number;
  /** How long it may take to say so; 5,000 when not told. */
  readonly aliveWithinMs?: number;
  /**
   * Longer than any statement may take, which is 30 s for the roles that `provisionDatabase` makes; 45,000 when not
   * told. What waits for longer, although the server lives, waits on a connection that the server has forgotten.
   */
  readonly longestMs?: number;
}

interface Waiting {
  open: number;
  sinceMs: number;
}

const LOOK_EVERY_MS = 500;
/** The question whether the server takes TLS, which it answers with one byte and to anybody. */
const ASK_FOR_TLS = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/**
 * A network that loses everything tells nobody: what waits for an answer would wait for a quarter of an hour, until the
 * kernel gives up. So whoever waits for long has the server asked on another connection, and when that is not answered
 * either, the connections end. A server that is only slow answers it.
 */
export class SilenceWatch {
  readonly #waiting = new Map<PoolClient, Waiting>();
  readonly #options: Required<SilenceOptions>;
  readonly #timer: NodeJS.Timeout;
  #isAsking = false;

  constructor(options: SilenceOptions) {
    this.#options = { patienceMs: 2_000, aliveWithinMs: 5_000, longestMs: 45_000, ...options };
    this.#timer = setInterval(() => void this.#look(), LOOK_EVERY_MS).unref();
  }

  /** Watches over this client until it has its answer. */
  over<T>(client: PoolClient, answer: Promise<T>): Promise<T> {
    const waiting = this.#waiting.get(client) ?? { open: 0, sinceMs: performance.now() };
    waiting.open += 1;
    this.#waiting.set(client, waiting);
    const answered = () => {
      waiting.open -= 1;
      waiting.sinceMs = performance.now();
      if (waiting.open === 0) this.#waiting.delete(client);
    };
    answer.then(answered, answered);
    return answer;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const beganMs = performance.now();
    const { patienceMs, longestMs } = this.#options;
    const late = this.#late(beganMs - patienceMs);
    if (this.#isAsking || late.length === 0) return;
    this.#isAsking = true;
    const isAlive = await this.#isAlive().finally(() => {
      this.#isAsking = false;
    });
    // Those that had their answer meanwhile are none of them.
    const still = this.#late(isAlive ? performance.now() - longestMs : beganMs - patienceMs);
    for (const client of still) streamOf(client).destroy(new Error('Connection terminated: nothing is heard.'));
  }

  #late(beforeMs: number): PoolClient[] {
    return [...this.#waiting].filter(([, { sinceMs }]) => sinceMs < beforeMs).map(([client]) => client);
  }

  /** A refused connection is an answer: whoever refuses ends the others by himself. */
  #isAlive(): Promise<boolean> {
    const { url, aliveWithinMs } = this.#options;
    const { host, port } = new pg.Client({ connectionString: url });
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const socket = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
    const timer = setTimeout(() => resolve(false), aliveWithinMs);
    socket.once('connect', () => socket.write(ASK_FOR_TLS));
    socket.once('data', () => resolve(true));
    socket.once('error', (error) => resolve(!('code' in error) || !UNREACHABLE.has(String(error.code))));
    socket.once('close', () => resolve(true));
    return promise.finally(() => {
      clearTimeout(timer);
      socket.destroy();
    });
  }
}

const UNREACHABLE = new Set(['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENETDOWN']);

const streamOf = (client: PoolClient): Socket =>
  (client as unknown as { connection: { stream: Socket } }).connection.stream;
