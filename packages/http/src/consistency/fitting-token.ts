import { setTimeout as pause } from 'node:timers/promises';
import type { Written } from '@ashlar/telemetry';
import { type ConsistencyToken, formatConsistencyToken, LONGEST_TOKEN } from './consistency-token.ts';
import { LineSet } from './line-set.ts';

/** Which of these messages are this service's own, and known to the bus with all before them on their lines. */
export type Published = (written: readonly Written[]) => Promise<readonly Written[]>;

/** Longer ones are shortened: there is room left for what the next services add. */
const COMFORTABLE = 400;
/** As long as a read would wait for the same. */
const PATIENCE_MS = 2_000;
const LOOK_AGAIN_MS = 20;

/**
 * The token's text, at most 512 bytes. Where it gets long, the service's own messages that the bus has already are no
 * longer named one by one: to have handled all that has come is enough for them. Nothing is dropped: what does not fit
 * while the bus is away makes the token one that no read can honour, and says so.
 */
export async function fittingToken(
  given: ConsistencyToken,
  published: Published,
  patienceMs = PATIENCE_MS,
): Promise<string> {
  const deadline = performance.now() + patienceMs;
  let token = given;
  let text = formatConsistencyToken(token);
  if (text.length <= COMFORTABLE) return text;
  for (;;) {
    token = settle(token, await published(token.written));
    text = formatConsistencyToken(token);
    if (text.length <= LONGEST_TOKEN) return text;
    if (performance.now() > deadline) return incomplete(token);
    await pause(LOOK_AGAIN_MS);
  }
}

function settle(token: ConsistencyToken, published: readonly Written[]): ConsistencyToken {
  if (published.length === 0) return token;
  const known = new Set(published.map(({ channel, key }) => `${channel}\n${key}`));
  const written = token.written.filter(({ channel, key }) => !known.has(`${channel}\n${key}`));
  return { ...token, written, settled: (token.settled ?? new LineSet()).with(published) };
}

function incomplete(token: ConsistencyToken): string {
  for (let oldest = 0; ; oldest++) {
    const text = formatConsistencyToken({ ...token, written: token.written.slice(oldest), isIncomplete: true });
    if (text.length <= LONGEST_TOKEN || oldest > token.written.length) return text;
  }
}
