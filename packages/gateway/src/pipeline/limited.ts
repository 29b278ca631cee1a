import type { Exchange } from '../exchange.ts';
import { type RunningLimit, type RunningLimits, rateLimitItem } from '../limits/rate-limits.ts';
import { Refusal } from '../refusal.ts';
import { addressKey } from '../wire/client-address.ts';
import type { Middleware } from './middleware.ts';

/** Counts the request against the limits that need no body, and refuses it past one of them. */
export const limited =
  (limits: RunningLimits, onLimited: (limit: string) => void): Middleware =>
  (exchange, next) => {
    for (const running of limitsOf(exchange, limits)) {
      const { by } = running.limit;
      if (by === 'caller') count(exchange, { running, key: callerKey(exchange), onLimited });
      else if (by === 'address') count(exchange, { running, key: addressOf(exchange), onLimited });
    }
    return next();
  };

/** Counts it against those that look into the body, such as one for each e-mail address. */
export const limitedByBody =
  (limits: RunningLimits, onLimited: (limit: string) => void): Middleware =>
  (exchange, next) => {
    for (const running of limitsOf(exchange, limits)) {
      const { by } = running.limit;
      if (typeof by !== 'object') continue;
      const key = fieldOf(exchange, by.bodyField);
      if (key !== undefined) count(exchange, { running, key, onLimited });
    }
    return next();
  };

/** Whether the client's address has used up the default limits. */
export const isSpent =
  (limits: RunningLimits) =>
  (exchange: Exchange): boolean =>
    (limits.get('default') ?? []).some(({ limiter }) => limiter.isSpent(addressOf(exchange), exchange.nowMs));

const NONE: readonly RunningLimit[] = [];

const limitsOf = ({ route }: Exchange, limits: RunningLimits): readonly RunningLimit[] =>
  limits.get(route?.limit ?? 'default') ?? NONE;

const callerKey = (exchange: Exchange): string =>
  exchange.caller ? `user ${exchange.caller.id}` : addressOf(exchange);

const addressOf = ({ client }: Exchange): string => addressKey(client.address);

const LONGEST_KEY = 320;

/** Spelled as services compare it: without spaces around, in lower case. */
function fieldOf(exchange: Exchange, field: string): string | undefined {
  if (!exchange.body) return undefined;
  const body = exchange.json();
  const value =
    typeof body === 'object' && body !== null ? Object.entries(body).find(([name]) => name === field)?.[1] : undefined;
  return typeof value === 'string' ? value.trim().toLowerCase().slice(0, LONGEST_KEY) : undefined;
}

interface Count {
  readonly running: RunningLimit;
  readonly key: string;
  readonly onLimited: (limit: string) => void;
}

function count(exchange: Exchange, { running: { limit, limiter, policy }, key, onLimited }: Count): void {
  const verdict = limiter.take(key, exchange.nowMs);
  const item = rateLimitItem(limit.name, verdict);
  exchange.rateLimitPolicy = exchange.rateLimitPolicy === '' ? policy : `${exchange.rateLimitPolicy}, ${policy}`;
  exchange.rateLimit = exchange.rateLimit === '' ? item : `${exchange.rateLimit}, ${item}`;
  if (verdict.allowed) return;
  onLimited(limit.name);
  throw new Refusal(429, 'rate_limited', {
    detail: 'There have been too many requests. Try again later.',
    headers: { 'retry-after': String(Math.max(1, Math.ceil(verdict.retryMs / 1000))) },
  });
}
