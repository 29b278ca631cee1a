import { isSampledAt } from './trace-context.ts';

export interface SamplingOptions {
  /** Share of new traces to record, 0..1; all of them when not told. */
  readonly sampleRatio?: number;
  /** So many new traces of each second are recorded whatever the share, so that a quiet system shows all it does. */
  readonly tracesPerSecond?: number;
}

/** Whether a trace that begins here is recorded. What a trace's parent has decided is not asked again. */
export type Sampling = (traceId: string) => boolean;

export function sampling({ sampleRatio = 1, tracesPerSecond = 0 }: SamplingOptions, nowMs: () => number): Sampling {
  const inShare: Sampling = (traceId) => isSampledAt(sampleRatio, traceId);
  if (tracesPerSecond <= 0 || sampleRatio >= 1) return inShare;
  let second = -1;
  let begun = 0;
  return (traceId) => {
    const now = Math.floor(nowMs() / 1_000);
    if (now !== second) [second, begun] = [now, 0];
    return begun++ < tracesPerSecond || inShare(traceId);
  };
}

const WISHES_PER_SECOND = 50;

/**
 * Whether a trace that a stranger has begun is recorded: his wish is granted, but only so many times in a second, or
 * anybody could make a busy system record everything. Past that his trace is sampled like one that begins here.
 */
export function grantingWishes(isSampled: Sampling, nowMs: () => number): Sampling {
  const isGranted = sampling({ sampleRatio: 0, tracesPerSecond: WISHES_PER_SECOND }, nowMs);
  return (traceId) => isGranted(traceId) || isSampled(traceId);
}
