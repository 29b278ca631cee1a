import { THRESHOLDS, type Thresholds } from '../model/architecture-file.ts';
import type { Model } from '../model.ts';
import { isStorageName } from '../traces/service-names.ts';
import type { Seen, TraceFacts, Unanswered } from '../traces/trace-facts.ts';
import { type Draft, type Evidence, type Judgement, NOTHING } from './rule.ts';

/** A span, so that it can be looked up. */
export const inTrace = ({ traceId, spanId, text }: Seen): Evidence => ({
  text: `${text} (trace ${traceId}, span ${spanId})`,
});

export const thresholdsOf = ({ thresholds, system }: Model): Thresholds =>
  thresholds ?? system?.thresholds ?? THRESHOLDS;

/** Some spans are always lost. */
const LOST_SHARE = 0.1;

/** Calls whose answers are in traces of their own, because their caller does not hand on its own. */
export const beginsAnew = ({ uncarried, entrances }: TraceFacts): Unanswered[] =>
  uncarried.filter(({ to, calls, answers }) => {
    const lost = calls - answers;
    const begun = entrances.get(to)?.count ?? 0;
    return lost >= 3 && lost >= calls * LOST_SHARE && begun >= lost / 2 && !isStorageName(to);
  });

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
