import type { Clock } from '@ashlar/domain';
import type { Identity } from '../auth/identity.ts';
import { GOING_AWAY, NO_LONGER_WELCOME } from '../wire/tunnel.ts';

/** What goes on until somebody ends it. */
export interface Stream {
  /** A WebSocket is told the reason by this code. */
  cut(closeCode: number): void;
}

interface Running {
  readonly caller: Identity | undefined;
  readonly expiry: NodeJS.Timeout | undefined;
}

export interface StreamsOptions {
  readonly isRevoked: (caller: Identity) => boolean;
  readonly clock: Clock;
}

/** Beyond this a timer fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Event streams and WebSockets: they end with the gateway, with their caller's session, and with the token. */
export class Streams {
  readonly #running = new Map<Stream, Running>();
  #isLeaving = false;

  constructor(private readonly options: StreamsOptions) {}

  /** Answers false where it may not begin: who asks may have left since the token was looked at. */
  add(stream: Stream, caller: Identity | undefined): boolean {
    this.#running.set(stream, { caller, expiry: this.#expiryOf(stream, caller) });
    return !this.#isLeaving && !(caller && this.options.isRevoked(caller));
  }

  delete(stream: Stream): void {
    clearTimeout(this.#running.get(stream)?.expiry);
    this.#running.delete(stream);
  }

  /** The gateway is leaving: those that come now do not begin. */
  endAll(): void {
    this.#isLeaving = true;
    for (const stream of this.#running.keys()) stream.cut(GOING_AWAY);
  }

  /** Ends those whose session has ended, or whose role has changed: they would go on for ever. */
  endRevoked(): void {
    for (const [stream, { caller }] of this.#running) {
      if (caller && this.options.isRevoked(caller)) stream.cut(NO_LONGER_WELCOME);
    }
  }

  #expiryOf(stream: Stream, caller: Identity | undefined): NodeJS.Timeout | undefined {
    if (caller?.expiresAtMs === undefined) return undefined;
    const leftMs = caller.expiresAtMs - this.options.clock.now().getTime();
    if (leftMs > LONGEST_TIMER_MS) return undefined;
    return setTimeout(() => stream.cut(NO_LONGER_WELCOME), leftMs).unref();
  }
}
