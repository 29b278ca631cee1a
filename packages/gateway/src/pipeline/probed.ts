import type { Exchange } from '../exchange.ts';
import { methodNotAllowed } from '../refusal.ts';
import type { Middleware } from './middleware.ts';

export const isProbe = ({ target }: Exchange): boolean => target?.path === '/livez' || target?.path === '/readyz';

/** Answers the probes of platforms and balancers: the status only, since anybody may ask. */
export const probed =
  (isReady: () => boolean): Middleware =>
  (exchange, next) => {
    const { path } = exchange.target ?? {};
    if (path === '/livez') return probe(exchange, true);
    if (path === '/readyz') return probe(exchange, isReady());
    return next(exchange);
  };

const ALLOW = 'GET, HEAD, OPTIONS';

function probe(exchange: Exchange, isWell: boolean): undefined {
  const { method } = exchange;
  const headers = { 'cache-control': 'no-store' };
  if (method === 'OPTIONS') return void exchange.send({ status: 204, headers: { allow: ALLOW } });
  if (method !== 'GET' && method !== 'HEAD') throw methodNotAllowed(ALLOW);
  exchange.send(
    isWell
      ? { status: 200, body: { status: 'ok' }, headers }
      : { status: 503, body: { status: 'unavailable' }, headers },
  );
}
