import { isLocal } from '../routing/route.ts';
import type { Forwarder } from '../upstream/forwarder.ts';
import type { Middleware } from './middleware.ts';

/** Answers: by a handler of the gateway's own, or by the service that the route names. */
export const performed =
  (forwarder: Forwarder): Middleware =>
  (exchange) => {
    const route = exchange.route!;
    if (!isLocal(route)) return forwarder.forward(exchange, route);
    return exchange.within(() => route.handle(exchange)).then((answer) => exchange.send(answer));
  };
