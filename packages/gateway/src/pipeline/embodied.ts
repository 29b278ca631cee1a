import { Refusal, tooLarge } from '../refusal.ts';
import { hasBody, readBody } from '../wire/body.ts';
import type { Middleware } from './middleware.ts';

const TAKES_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);
const JSON_TYPE = /^application\/json(?:\s*;\s*charset="?utf-8"?)?\s*$/i;

/** Takes in the whole body: JSON, and not too much of it. Methods that have no use for a body drop it. */
export const embodied =
  (limitBytes: number): Middleware =>
  async (exchange, next) => {
    const { request, response, method } = exchange;
    if (!hasBody(request)) return next();
    const length = Number(request.headers['content-length'] ?? 0);
    const takesBody = TAKES_BODY.has(method);
    const isJson = JSON_TYPE.test(request.headers['content-type'] ?? '') && !request.headers['content-encoding'];
    if (length > limitBytes) throw tooLarge(limitBytes);
    if (takesBody && !isJson && length > 0) throw notJson();
    if (exchange.expectsContinue) response.writeContinue();
    const body = await readBody(request, limitBytes);
    if (!takesBody || body.length === 0) return next();
    if (!isJson) throw notJson();
    exchange.body = body;
    return next();
  };

const notJson = (): Refusal =>
  new Refusal(415, 'unsupported_media_type', { detail: 'A body must be application/json in UTF-8, not compressed.' });
