import { createHash } from 'node:crypto';
import { type ServiceMap, serviceMap } from './map.ts';
import type { Accepted } from './model/architecture-file.ts';
import type { Unknown } from './model/system.ts';
import type { Model } from './model.ts';
import { RULES } from './rules/index.ts';
import {
  ANTI_PATTERNS,
  CHECKLIST,
  type Draft,
  type Item,
  type Judgement,
  type Rule,
  type Severity,
} from './rules/rule.ts';
import { groupBy } from './source/group-by.ts';

/** Something that a rule has found, with all that a reader needs. */
export interface Finding extends Draft {
  readonly rule: string;
  readonly severity: Severity;
  readonly why: string;
  readonly mend: string;
  /** The same for the same finding after lines have moved. */
  readonly fingerprint: string;
}

/** Whether an item of the checklist holds, and of how many of those that could be judged. */
export interface Score {
  readonly item: Item;
  readonly title: string;
  readonly isAntiPattern: boolean;
  readonly status: 'holds' | 'broken' | 'doubtful' | 'unknown';
  /** The share of judged subjects without a finding of severity `error`, 0 to 100; nothing where none was judged. */
  readonly score: number | undefined;
  readonly judged: number;
  readonly findings: number;
}

export interface UnknownOf extends Unknown {
  readonly rule: string;
}

/** What the doctor says of a system. */
export interface Diagnosis {
  /** How the parts of the system were found. */
  readonly layout: string;
  readonly services: readonly string[];
  readonly scores: readonly Score[];
  /** The worst first. */
  readonly findings: readonly Finding[];
  /** Found, and accepted in `architecture.json`, with the reason there. */
  readonly accepted: readonly (Finding & { readonly reason: string })[];
  /** What could not be judged; it has not passed. */
  readonly unknown: readonly UnknownOf[];
  readonly map: ServiceMap;
}

/** Judges a system by all rules. */
export function diagnose(model: Model, rules: readonly Rule[] = RULES): Diagnosis {
  const judgements = rules.map((rule) => ({ rule, judgement: rule.judge(model) }));
  const all = distinct(
    judgements.flatMap(({ rule, judgement }) => told(judgement.findings).map((draft) => complete(rule, draft))),
  );
  const waived = model.system?.architecture?.accepted ?? [];
  const accepted = all.flatMap((finding) => {
    const waiver = waived.find((one) => isAccepted(finding, one));
    return waiver ? [{ ...finding, reason: waiver.reason }] : [];
  });
  const kept = new Set(accepted.map(({ fingerprint }) => fingerprint));
  const findings = all.filter(({ fingerprint }) => !kept.has(fingerprint)).sort(worstFirst);
  const parts = [...(model.system?.services ?? []), ...(model.system?.gateways ?? [])];
  return {
    layout: model.system?.layout.how ?? (model.running ? 'a running system' : 'traces only'),
    services: model.system ? parts.map(({ name }) => name) : seenServices(model),
    scores: scoresOf(judgements, findings),
    findings,
    accepted,
    unknown: [
      ...(model.system?.unknown ?? []).map((one) => ({ ...one, rule: 'reading' })),
      ...judgements.flatMap(({ rule, judgement }) => judgement.unknown.map((one) => ({ ...one, rule: rule.id }))),
    ],
    map: serviceMap(model),
  };
}

/** Who is seen in traces, or runs. */
const seenServices = ({ traces, running }: Model): string[] =>
  [...new Set([...(traces?.services ?? []), ...(running?.services ?? [])])].sort();

/** A fault in what several services share is told once, with those that use it. */
function told(drafts: readonly Draft[]): Draft[] {
  const places = ({ evidence }: Draft): string => evidence.map(({ file, line, text }) => [file, line, text]).join();
  const without = ({ what, subject }: Draft): string => what.replace(subject, '');
  const same = groupBy(drafts, (draft) => [places(draft), draft.severity, without(draft)].join('\0'));
  return [...same.values()].map((all) => {
    const [first] = all as [Draft, ...Draft[]];
    const names = [...new Set(all.map(({ subject }) => subject))].sort();
    if (names.length < 2 || !first.what.includes(first.subject)) return first;
    const listed = `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
    const rest = first.what.startsWith(`${first.subject} `) && first.what.slice(first.subject.length + 1);
    const what = rest ? `${listed} ${ofMany(rest)}` : first.what.replace(first.subject, () => listed);
    return { ...first, subject: names.join(', '), what };
  });
}

/** What is said of one service, said of several: `has no health check` becomes `have no health check`. */
const ofMany = (predicate: string): string =>
  predicate.replace(/^\w+( or \w+)?/, (verbs) => verbs.split(' or ').map(pluralOf).join(' or '));

const IRREGULAR: Readonly<Record<string, string>> = { has: 'have', is: 'are', does: 'do', goes: 'go' };

const pluralOf = (verb: string): string =>
  IRREGULAR[verb] ?? (/(sh|ch|x|ss)es$/.test(verb) ? verb.slice(0, -2) : verb.replace(/s$/, ''));

function complete(rule: Rule, draft: Draft): Finding {
  const severity = draft.severity ?? rule.severity;
  const [first] = draft.evidence;
  // What is measured has other numbers, in another trace, at each measurement.
  const where = first?.file ? [draft.what, first.file, first.text] : [draft.what.replace(/\d+(?:[.,]\d+)*/g, '#')];
  const parts = [rule.id, draft.subject, ...where];
  const fingerprint = createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 16);
  return { ...draft, rule: rule.id, severity, why: rule.why, mend: draft.mend ?? rule.mend, fingerprint };
}

const distinct = (findings: readonly Finding[]): Finding[] => [
  ...new Map(
    findings.map((finding) => [`${finding.fingerprint} ${finding.what} ${finding.evidence[0]?.line}`, finding]),
  ).values(),
];

const isAccepted = ({ rule, evidence }: Finding, accepted: Accepted): boolean =>
  rule === accepted.rule &&
  evidence.some(({ file }) => file !== undefined && (file === accepted.path || file.startsWith(`${accepted.path}/`)));

const worstFirst = (one: Finding, other: Finding): number =>
  Number(one.severity === 'warning') - Number(other.severity === 'warning') ||
  order(one.rule) - order(other.rule) ||
  place(one).localeCompare(place(other));

const order = (rule: string): number => RULES.findIndex(({ id }) => id === rule);
const place = ({ evidence }: Finding): string =>
  `${evidence[0]?.file ?? ''}:${String(evidence[0]?.line ?? 0).padStart(6, '0')}`;

interface Judged {
  readonly rule: Rule;
  readonly judgement: Judgement;
}

function scoresOf(judgements: readonly Judged[], findings: readonly Finding[]): Score[] {
  const items = [...Object.entries(CHECKLIST), ...Object.entries(ANTI_PATTERNS)] as [Item, string][];
  return items.map(([item, title]) => {
    const own = judgements.filter(({ rule }) => rule.items.includes(item));
    const ids = own.map(({ rule }) => rule.id);
    const found = findings.filter(({ rule }) => ids.includes(rule));
    const errors = found.filter(({ severity }) => severity === 'error');
    const judged = new Set(own.flatMap(({ judgement }) => judgement.judged));
    const failing = new Set(errors.flatMap(({ subject }) => subject.split(', ')));
    for (const subject of failing) judged.add(subject);
    const score = judged.size === 0 ? undefined : Math.round((100 * (judged.size - failing.size)) / judged.size);
    const status = errors.length > 0 ? 'broken' : found.length > 0 ? 'doubtful' : judged.size > 0 ? 'holds' : 'unknown';
    return {
      item,
      title,
      isAntiPattern: item in ANTI_PATTERNS,
      status,
      score,
      judged: judged.size,
      findings: found.length,
    };
  });
}
