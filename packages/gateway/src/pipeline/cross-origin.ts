import type { Exchange } from '../exchange.ts';
import type { CorsPolicy } from '../routing/route.ts';
import type { Middleware } from './middleware.ts';

/** Tells browsers which other sites may call (CORS, of the Fetch standard), and answers their preflights. */
export const crossOrigin: Middleware = (exchange, next) => {
  const { headers } = exchange.request;
  const origin = headers.get('origin');
  if (origin === undefined) {
    if (exchange.route?.cors) exchange.extraHeaders.push('vary', 'origin');
    return next(exchange);
  }
  const asked = exchange.method === 'OPTIONS' ? headers.get('access-control-request-method') : undefined;
  const policy = exchange.match?.endpoint.routeFor(asked ?? exchange.method, headers)?.cors;
  if (!policy) return next(exchange);
  exchange.extraHeaders.push('vary', 'origin');
  if (policy.origins.includes(origin) || policy.origins.includes('*')) allow(exchange, policy, origin);
  if (asked === undefined) return next(exchange);
  return preflight(exchange, policy, asked);
};

function allow(exchange: Exchange, { origins, credentials, exposes = [] }: CorsPolicy, origin: string): void {
  // With credentials the origin has to be named: a star would let every site act as its visitor.
  const named = origins.includes(origin);
  exchange.extraHeaders.push('access-control-allow-origin', named ? origin : '*');
  if (credentials && named) exchange.extraHeaders.push('access-control-allow-credentials', 'true');
  if (exposes.length > 0) exchange.extraHeaders.push('access-control-expose-headers', exposes.join(', '));
}

function preflight(exchange: Exchange, { headers = [], maxAgeSeconds = 600 }: CorsPolicy, method: string): undefined {
  exchange.send({
    status: 204,
    headers: {
      'access-control-allow-methods': /^[A-Z-]{1,32}$/.test(method) ? method : 'GET',
      'access-control-allow-headers': ['content-type', 'authorization', 'idempotency-key', ...headers].join(', '),
      'access-control-max-age': String(maxAgeSeconds),
    },
  });
}
