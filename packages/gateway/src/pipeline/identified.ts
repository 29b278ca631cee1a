import { InvalidTokenError, type TokenVerifier } from '@ashlar/http';
import type { Exchange } from '../exchange.ts';
import { BoundedMap } from '../limits/bounded-map.ts';
import type { Middleware } from './middleware.ts';

const BEARER = /^bearer +([\w.~+/=-]+)$/i;
const REMEMBERED = 10_000;

/**
 * Learns who calls. A bad token makes nobody of the caller: only protected routes mind. Signatures are dear, so an
 * address that has used up its limit gets no more of them checked, unless the token was good before, and is refused by
 * that limit.
 */
export function identified(verifier: TokenVerifier, isSpent: (exchange: Exchange) => boolean): Middleware {
  const good = new BoundedMap<true>(REMEMBERED);

  async function verify(exchange: Exchange, token: string): Promise<void> {
    try {
      exchange.caller = await verifier.verify(token);
      exchange.token = token;
      good.set(token, true);
    } catch (error) {
      if (error instanceof InvalidTokenError) good.delete(token);
      // It cannot be verified now: what is public must not suffer from that.
      else exchange.token = token;
    }
  }

  return (exchange, next) => {
    const { authorization } = exchange.request.headers;
    const token = authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
    if (token === undefined || (!good.get(token) && isSpent(exchange))) return next();
    return verify(exchange, token).then(next);
  };
}
