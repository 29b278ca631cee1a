import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '@ashlar/domain';
import type { Identity } from '../auth/identity.ts';
import type { ProxyRoute } from '../routing/route.ts';
import { GOING_AWAY, NO_LONGER_WELCOME } from '../wire/tunnel.ts';

/** What goes on until somebody ends it. */
export interface Stream {
  /** A WebSocket is told the reason by this code. */
  cut(closeCode: number): void;
  /** Like `cut`; but one that has not begun yet begins before, so that nobody is refused. */
  dismiss(closeCode: number): void;
}

/** On whose behalf it runs, and by which rule. */
export interface Grounds {
  readonly caller: Identity | undefined;
  readonly route: ProxyRoute;
}

export interface NewGrounds {
  readonly isRule: (route: ProxyRoute) => boolean;
  /** Whether those verify callers who have verified them before. */
  readonly isVerified: boolean;
}

/** What of a table lets streams in. */
interface Letting {
  readonly routes: readonly object[];
  readonly verifier?: object | undefined;
  readonly apiKeys?: readonly object[] | undefined;
}

/** What lets streams in from now on: of routes those that are told in the table, just so. */
export function groundsOf(before: Letting, { routes, verifier, apiKeys }: Letting): NewGrounds {
  const rules = new Set(routes.map((route) => JSON.stringify(route)));
  return {
    isRule: (route) => rules.has(JSON.stringify(route)),
    isVerified: verifier === before.verifier && isDeepStrictEqual(apiKeys, before.apiKeys),
  };
}

interface Running extends Grounds {
  readonly expiry: NodeJS.Timeout | undefined;
}

export interface StreamsOptions {
  readonly isRevoked: (caller: Identity) => boolean;
  readonly clock: Clock;
}

/** Beyond this a timer fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Event streams and WebSockets: they end with the gateway, with their caller's session, with the token, and with the
 * route that has let them in.
 */
export class Streams {
  readonly #running = new Map<Stream, Running>();
  #isLeaving = false;
  #isRule: (route: ProxyRoute) => boolean = () => true;

  constructor(private readonly options: StreamsOptions) {}

  /** Answers false where it may not begin: who asks may have left since the token was looked at. */
  add(stream: Stream, grounds: Grounds): boolean {
    const { caller } = grounds;
    this.#running.set(stream, { ...grounds, expiry: this.#expiryOf(stream, caller) });
    // The table may have changed since the request was let in.
    if (!this.#isRule(grounds.route)) stream.dismiss(GOING_AWAY);
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

  /** Another table: those that it would not let in just so end, and whoever comes back is judged by it. */
  endOutdated({ isRule, isVerified }: NewGrounds): void {
    this.#isRule = isRule;
    for (const [stream, { route, caller }] of this.#running)
      if (!isRule(route) || (caller && !isVerified)) stream.dismiss(GOING_AWAY);
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
