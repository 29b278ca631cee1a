import type { Exchange } from '../exchange.ts';
import { Refusal } from '../refusal.ts';
import { isLocal } from '../routing/route.ts';
import { readBody } from '../wire/body.ts';
import { HeaderList } from '../wire/header-list.ts';
import type { Middleware } from './middleware.ts';

const TAKES_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);
const JSON_TYPE = /^application\/json(?:\s*;\s*charset="?utf-8"?)?\s*$/i;

/** A body of any type up to this size is taken in whole all the same: then it can be sent a second time. */
const SMALL_BYTES = 64 << 10;

/** Takes the body in: JSON whole; what may be of any type is passed on while it comes. Neither is too large. */
export const embodied: Middleware = (exchange, next) =>
  exchange.request.hasBody ? takeIn(exchange).then(() => next(exchange)) : next(exchange);

async function takeIn(exchange: Exchange): Promise<void> {
  const { request, route } = exchange;
  const takesAny = route !== undefined && !isLocal(route) && route.body === 'any';
  exchange.bodyLimit = route?.bodyLimitBytes ?? exchange.bodyLimit;
  if ((request.length ?? 0) > exchange.bodyLimit) throw exchange.tooLarge();
  if (!takesAny) await takeJson(exchange);
  else {
    goAhead(exchange);
    if ((request.length ?? Number.POSITIVE_INFINITY) > SMALL_BYTES) exchange.streamsBody = true;
    else exchange.body = await readBody(request, exchange.bodyLimit);
  }
}

/** What reads has no use for a body, and drops it; a service that wants none of a DELETE says so itself. */
async function takeJson(exchange: Exchange): Promise<void> {
  const { request, method } = exchange;
  const takesBody = TAKES_BODY.has(method);
  const isJson = JSON_TYPE.test(request.headers.get('content-type') ?? '') && !request.headers.has('content-encoding');
  if (takesBody && !isJson && (request.length ?? 0) > 0) throw notJson();
  goAhead(exchange);
  const body = await readBody(request, exchange.bodyLimit);
  if (!takesBody || body.length === 0) return;
  if (!isJson) throw notJson();
  exchange.body = body;
}

function goAhead({ expectsContinue, response }: Exchange): void {
  if (expectsContinue) response.interim(100, new HeaderList());
}

const notJson = (): Refusal =>
  new Refusal(415, 'unsupported_media_type', { detail: 'A body must be application/json in UTF-8, not compressed.' });
