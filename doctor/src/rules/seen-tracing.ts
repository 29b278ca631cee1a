import { isCalled } from '../model/layout.ts';
import type { Model } from '../model.ts';
import { groupBy } from '../source/group-by.ts';
import { isNearName } from '../traces/service-names.ts';
import type { TraceFacts } from '../traces/trace-facts.ts';
import { type Draft, type Judgement, merge, NOTHING } from './rule.ts';
import { beginsAnew, inTrace, seenInTraces } from './trace-evidence.ts';

/** Where traces break off, and who is in none. */
export const seenTracing = (model: Model): Judgement => {
  const judgement = seenInTraces(
    model,
    ({ services }) => services,
    (traces) => [
      ...brokenParents(traces),
      ...endsAtBroker(model, traces),
      ...notHandedOn(traces),
      ...silentServices(model, traces),
    ],
  );
  if (!model.traces) return judgement;
  // What is missing here may come where the file is cut.
  if (model.traces.isCut) return merge({ ...judgement, findings: [] }, CUT);
  return { ...judgement, unknown: unseenServices(model, model.traces) };
};

const CUT: Judgement = {
  ...NOTHING,
  unknown: [{ subject: 'the traces', why: 'The file ends within a document: what was to come after is not judged.' }],
};

const BROKEN_SHARE = 0.05;

function brokenParents({ orphans, spans, traces }: TraceFacts): Draft[] {
  const { count, headless, example } = orphans;
  if (!example) return [];
  const evidence = [inTrace(example)];
  if (count / spans >= BROKEN_SHARE) {
    const what = `${((100 * count) / spans).toFixed(1)} % of the spans (${count}) name a parent that is in no trace`;
    return [{ subject: 'the traces', what, evidence }];
  }
  if (headless / spans < BROKEN_SHARE) return [];
  const what = `${headless} of ${traces} traces begin with a call from a span that is in none of them`;
  const mend = 'Where the caller belongs to the system, let it export its spans; else nothing is missing.';
  return [{ subject: 'the traces', what, evidence, mend, severity: 'warning' }];
}

/**
 * What a running system says that nobody in it handles is meant for others outside: there is no consumer that could
 * follow. Whom messages are for is not known of a file of traces.
 */
function endsAtBroker({ running }: Model, { published }: TraceFacts): Draft[] {
  const handled = running?.handled;
  const expected = published.filter(({ type }) => !handled || type === '' || handled.has(type));
  const byDestination = groupBy(expected, ({ service, destination }) => `${service}\0${destination}`);
  return [...byDestination.values()].flatMap((all) => {
    if (all.some(({ heard }) => heard > 0)) return [];
    const { service, destination, example } = all[0]!;
    const sent = all.reduce((sum, one) => sum + one.sent, 0);
    const what =
      `The trace ends where ${service} sends to ${destination}: none of ${sent} ` +
      `messages is followed by its consumer`;
    return [{ subject: service, what, evidence: [inTrace(example)] }];
  });
}

/** Services of the repository of which no trace tells. */
function silentServices({ system }: Model, { services }: TraceFacts): Draft[] {
  const named = (system?.services ?? []).filter((part) => services.some((name) => isCalled(part, name)));
  if (named.length === 0) return [];
  return system!.services
    .filter((part) => !named.includes(part))
    .map((part) => ({
      subject: part.name,
      what: `${part.name} has no span in these traces`,
      evidence: [{ text: `services in the traces: ${services.join(', ')}` }],
      severity: 'warning' as const,
    }));
}

/** Calls that did arrive, where the callee begins anew: what was called does not know by whom. */
const notHandedOn = (traces: TraceFacts): Draft[] =>
  beginsAnew(traces).map(({ from, to, calls, answers, example }) => ({
    subject: from,
    what:
      `The trace ends where ${from} calls ${to}: ${calls - answers} of ${calls} calls are not followed by their ` +
      `answer, and ${to} begins traces of its own`,
    evidence: [inTrace(example)],
  }));

const MOST_UNSEEN = 20;

/** Whom services ask in their own network, and of whom there is nothing. */
function unseenServices({ system }: Model, { unseen }: TraceFacts): Judgement['unknown'] {
  // Of a repository it is known what belongs to it.
  if (system) return [];
  const near = unseen.filter(({ to }) => isNearName(to));
  return [...groupBy(near, ({ to }) => to)].slice(0, MOST_UNSEEN).map(([subject, all]) => ({
    subject,
    why:
      `${all.map(({ from }) => from).join(', ')} ${all.length > 1 ? 'ask' : 'asks'} it, and it has no span ` +
      'in these traces: it may be a part of the system.',
  }));
}
