import { THRESHOLDS, type Thresholds } from '../model/architecture-file.ts';
import type { Model } from '../model.ts';
import type { Seen, TraceFacts } from '../traces/trace-facts.ts';
import { type Draft, type Evidence, type Judgement, NOTHING } from './rule.ts';

/** A span, so that it can be looked up. */
export const inTrace = ({ traceId, spanId, text }: Seen): Evidence => ({
  text: `${text} (trace ${traceId}, span ${spanId})`,
});

export const thresholdsOf = ({ thresholds, system }: Model): Thresholds =>
  thresholds ?? system?.thresholds ?? THRESHOLDS;

/** What traces tell to a rule; without traces nothing, and nothing is unknown that nobody asked for. */
export function seenInTraces(
  model: Model,
  judged: (traces: TraceFacts) => readonly string[],
  find: (traces: TraceFacts, thresholds: Thresholds) => readonly Draft[],
): Judgement {
  const { traces } = model;
  if (!traces) return NOTHING;
  return { findings: find(traces, thresholdsOf(model)), judged: judged(traces), unknown: [] };
}
