import { InvalidTokenError } from '@ashlar/http';
import type { Identity, IdentityVerifier } from '../auth/identity.ts';
import type { InternalTokens } from '../auth/internal-tokens.ts';
import type { Revocations } from '../auth/revocations.ts';
import type { Exchange } from '../exchange.ts';
import { BoundedMap } from '../limits/bounded-map.ts';
import type { Middleware } from './middleware.ts';

const BEARER = /^bearer +([\w.~+/=-]+)$/i;
const USUAL = 'Bearer ';
const REMEMBERED = 10_000;

export interface Identification {
  readonly verifier: IdentityVerifier | undefined;
  readonly keyOwner: ((key: string) => Identity | undefined) | undefined;
  readonly revocations: Revocations;
  readonly isSpent: (exchange: Exchange) => boolean;
  /** What services get to see instead of the client's credential; the credential itself when not told. */
  readonly internalTokens: InternalTokens | undefined;
}

/**
 * Learns who calls. A bad token makes nobody of the caller: only protected routes mind. Signatures are dear, so an
 * address that has used up its limit gets no more of them checked, unless the token was good before, and is refused by
 * that limit.
 */
export function identified(options: Identification): Middleware {
  const { verifier, keyOwner, revocations, isSpent, internalTokens } = options;
  const good = new BoundedMap<true>(REMEMBERED);

  function accept(exchange: Exchange, token: string, identity: Identity): void {
    const caller = revocations.standing(identity);
    if (!caller) return;
    exchange.caller = caller;
    exchange.token = internalTokens?.tokenFor(caller, token) ?? token;
  }

  async function verify(exchange: Exchange, token: string, by: IdentityVerifier): Promise<void> {
    try {
      accept(exchange, token, await exchange.within(() => by.verify(token)));
      good.set(token, true);
    } catch (error) {
      if (error instanceof InvalidTokenError) good.delete(token);
      // It cannot be verified now: what is public must not suffer from that.
      else exchange.token = token;
    }
  }

  return (exchange, next) => {
    const { headers } = exchange.request;
    const key = keyOwner && headers.get('x-api-key');
    if (key !== undefined) {
      const owner = keyOwner?.(key);
      exchange.caller = owner;
      exchange.token = owner && internalTokens?.tokenFor(owner, `key ${owner.id}`);
      return next(exchange);
    }
    const authorization = headers.get('authorization');
    if (!verifier || authorization === undefined) return next(exchange);
    // What was verified before needs no look at its form.
    const shown = authorization.startsWith(USUAL) ? authorization.slice(USUAL.length) : '';
    const known = verifier.known?.(shown);
    if (known) {
      accept(exchange, shown, known);
      return next(exchange);
    }
    const token = BEARER.exec(authorization)?.[1];
    if (token === undefined || (!good.get(token) && isSpent(exchange))) return next(exchange);
    return verify(exchange, token, verifier).then(() => next(exchange));
  };
}
