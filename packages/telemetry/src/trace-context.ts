import { randomFillSync } from 'node:crypto';

/** Where in a distributed trace we are (W3C Trace Context). */
export interface TraceContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly sampled: boolean;
  readonly traceState?: string;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const INVALID = /^0+$/;

/** Reads `traceparent` and `tracestate`; anything malformed is as good as absent (W3C Trace Context, section 4.3). */
export function parseTraceparent(traceparent: string | undefined, traceState?: string): TraceContext | undefined {
  const [, version, traceId, spanId, flags, rest] = TRACEPARENT.exec(traceparent ?? '') ?? [];
  if (!traceId || !spanId || version === 'ff' || (version === '00' && rest)) return undefined;
  if (INVALID.test(traceId) || INVALID.test(spanId)) return undefined;
  const sampled = (Number.parseInt(flags ?? '0', 16) & 1) === 1;
  return { traceId, spanId, sampled, ...(traceState && traceState.length <= 512 && { traceState }) };
}

export const formatTraceparent = ({ traceId, spanId, sampled }: TraceContext): string =>
  `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;

/** Small, since an id that is kept keeps the text that it was cut out of. */
const pool = Buffer.alloc(512);
let digits = '';
let used = 0;

function randomHex(length: number): string {
  if (used + length > digits.length) {
    digits = randomFillSync(pool).toString('hex');
    used = 0;
  }
  used += length;
  return digits.slice(used - length, used);
}

/** A new trace, or the next span of the one given. */
export const nextSpan = (parent?: TraceContext): TraceContext =>
  parent ? { ...parent, spanId: randomHex(16) } : { traceId: randomHex(32), spanId: randomHex(16), sampled: true };

const MOST = 2 ** 52;

/** Whether a new trace is among the share that is recorded: by its id, so that everybody judges alike. */
export const isSampledAt = (ratio: number, traceId: string): boolean =>
  ratio >= 1 || Number.parseInt(traceId.slice(-13), 16) / MOST < ratio;
