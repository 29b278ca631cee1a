import { hasRole, type Identity, meets } from '../auth/identity.ts';
import type { Exchange } from '../exchange.ts';
import { forbidden, methodNotAllowed, notFound, unauthenticated, unavailable, unknownVersion } from '../refusal.ts';
import type { Access } from '../routing/route.ts';
import type { Middleware } from './middleware.ts';

/** Lets through what the table knows and the caller may do. What is under `/ops/` is not even denied to strangers. */
export const admitted: Middleware = (exchange, next) => {
  const path = exchange.target?.path ?? '';
  if (path.startsWith('/ops/')) authorize(exchange, 'admin');
  const endpoint = exchange.match?.endpoint;
  if (!endpoint) throw notFound();
  if (exchange.method === 'OPTIONS' && !exchange.route) {
    return void exchange.send({ status: 204, headers: { allow: endpoint.allow } });
  }
  const { route } = exchange;
  if (!route) throw endpoint.has(exchange.method) ? unknownVersion() : methodNotAllowed(endpoint.allow);
  authorize(exchange, route.access);
  return next(exchange);
};

const ADMIN = ['admin'];

function authorize(exchange: Exchange, access: Access): void {
  if (typeof access === 'object' && access !== null) {
    if (!meets(access, callerOf(exchange), exchange.parameters)) throw forbidden();
    return;
  }
  switch (access) {
    case 'public':
      return;
    case 'user':
      callerOf(exchange);
      return;
    case 'admin':
      if (!hasRole(callerOf(exchange), ADMIN)) throw forbidden();
      return;
    default:
      // A table from outside the type system must not open a door.
      throw forbidden();
  }
}

function callerOf({ caller, token, request }: Exchange): Identity {
  if (caller) return caller;
  if (token !== undefined) throw unavailable('Access tokens cannot be verified at the moment.');
  throw unauthenticated(request.headers.has('authorization'));
}
