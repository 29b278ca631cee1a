import { isLocal } from '../routing/route.ts';
import { Tunnel } from '../wire/tunnel.ts';
import type { Middleware } from './middleware.ts';

/** Lets the service take the connection over for another protocol, where the route allows it and the client asks. */
export const upgraded: Middleware = (exchange, next) => {
  const { route, request } = exchange;
  const { headers } = request;
  if (route && !isLocal(route) && route.upgrade && request.method === 'GET' && asksFor(headers.get('connection'))) {
    if (PROTOCOL.test(headers.get('upgrade') ?? '') && !request.hasBody)
      exchange.tunnel = new Tunnel(exchange.connection, exchange.response);
  }
  return next(exchange);
};

const PROTOCOL = /^websocket$/i;

const asksFor = (connection: string | undefined): boolean =>
  connection?.split(',').some((option) => option.trim().toLowerCase() === 'upgrade') === true;
