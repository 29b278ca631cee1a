import type { Exchange } from '../exchange.ts';
import type { Verdict } from '../limits/limiter.ts';
import { type Limit, type RunningLimit, type RunningLimits, rateLimitItem } from '../limits/rate-limits.ts';
import { Refusal } from '../refusal.ts';
import { addressKey } from '../wire/client-address.ts';
import type { Middleware, Waiting } from './middleware.ts';

/** Counts the request against the limits that need no body, and refuses it past one of them. */
export const limited =
  (limits: RunningLimits, onLimited: (limit: string) => void): Middleware =>
  (exchange, next) => {
    const waiting = countFrom(0, { exchange, all: limitsOf(exchange, limits), keyOf: keyBefore, onLimited });
    return waiting ? waiting.then(() => next(exchange)) : next(exchange);
  };

/** Counts it against those that look into the body, such as one for each e-mail address. */
export const limitedByBody =
  (limits: RunningLimits, onLimited: (limit: string) => void): Middleware =>
  (exchange, next) => {
    const waiting = countFrom(0, { exchange, all: limitsOf(exchange, limits), keyOf: keyInBody, onLimited });
    return waiting ? waiting.then(() => next(exchange)) : next(exchange);
  };

function keyBefore(exchange: Exchange, { by }: Limit): string | undefined {
  if (by === 'caller') return callerKey(exchange);
  return by === 'address' ? addressOf(exchange) : undefined;
}

const keyInBody = (exchange: Exchange, { by }: Limit): string | undefined =>
  typeof by === 'object' ? fieldOf(exchange, by.bodyField) : undefined;

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

/** Spelled as services compare it: without spaces around, composed, in lower case. */
function fieldOf(exchange: Exchange, field: string): string | undefined {
  if (!exchange.body) return undefined;
  const body = exchange.json();
  const value =
    typeof body === 'object' && body !== null ? Object.entries(body).find(([name]) => name === field)?.[1] : undefined;
  return typeof value === 'string' ? value.trim().normalize('NFC').toLowerCase().slice(0, LONGEST_KEY) : undefined;
}

interface Count {
  readonly exchange: Exchange;
  readonly all: readonly RunningLimit[];
  /** Undefined for a limit that does not count here. */
  readonly keyOf: (exchange: Exchange, limit: Limit) => string | undefined;
  readonly onLimited: (limit: string) => void;
}

/** One limit after another: past the first that refuses, the others do not count. */
function countFrom(first: number, count: Count): Waiting {
  const { exchange, all, keyOf } = count;
  for (let at = first; at < all.length; at++) {
    const running = all[at]!;
    const key = keyOf(exchange, running.limit);
    if (key === undefined) continue;
    const verdict = running.limiter.take(key, exchange.nowMs);
    if (verdict instanceof Promise) {
      return verdict.then((told) => {
        judge(running, told, count);
        return countFrom(at + 1, count);
      });
    }
    judge(running, verdict, count);
  }
  return undefined;
}

function judge({ limit, policy }: RunningLimit, verdict: Verdict, { exchange, onLimited }: Count): void {
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
