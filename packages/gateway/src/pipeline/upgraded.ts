import type { Socket } from 'node:net';
import type { Exchange } from '../exchange.ts';
import { isLocal } from '../routing/route.ts';
import type { AnswerHead } from '../wire/head-reader.ts';
import { outwardHeaders } from '../wire/headers.ts';
import type { Middleware } from './middleware.ts';

/** Lets the service take the connection over for another protocol, where the route allows it and the client asks. */
export const upgraded: Middleware = (exchange, next) => {
  const { route, request } = exchange;
  const { headers } = request;
  if (route && !isLocal(route) && route.upgrade && request.method === 'GET' && asksFor(headers.get('connection'))) {
    if (PROTOCOL.test(headers.get('upgrade') ?? '') && !request.hasBody) exchange.tunnel = tunnelOf(exchange);
  }
  return next(exchange);
};

const PROTOCOL = /^websocket$/i;

const asksFor = (connection: string | undefined): boolean =>
  connection?.split(',').some((option) => option.trim().toLowerCase() === 'upgrade') === true;

/** From here on both sides talk to each other, each at the other's pace. */
const tunnelOf = (exchange: Exchange) => (head: AnswerHead, upstream: Socket, first: Buffer) => {
  const headers = outwardHeaders(head, '');
  headers.append('connection', 'upgrade');
  headers.append('upgrade', head.headers.get('upgrade') ?? 'websocket');
  const client = exchange.connection.socket;
  const ahead = exchange.connection.release();
  exchange.response.switchProtocols(headers);
  if (first.length > 0) client.write(first);
  if (ahead.length > 0) upstream.write(ahead);
  client.on('close', () => upstream.destroy());
  upstream.on('close', () => exchange.connection.endSoon());
  client.pipe(upstream);
  upstream.pipe(client);
};
