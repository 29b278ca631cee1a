import type { Diagnosis, Finding, Score } from '../diagnosis.ts';
import { groupBy } from '../source/group-by.ts';
import { counted } from './counted.ts';
import { folded, harmless } from './terminal.ts';

export interface TextOptions {
  /** Fingerprints that are known already. */
  readonly known?: ReadonlySet<string>;
  readonly colours?: boolean;
  /** Of a terminal: longer lines are broken between words. */
  readonly width?: number | undefined;
}

const SIGNS: Readonly<Record<Score['status'], string>> = { holds: '✔', broken: '✖', doubtful: '▲', unknown: '?' };
const COLOURS: Readonly<Record<Score['status'], number>> = { holds: 32, broken: 31, doubtful: 33, unknown: 90 };
const MOST_UNKNOWN = 12;
/** Findings of one rule and severity that are told whole. */
const MOST_ALIKE = 8;
const MOST_NAMES = 10;

/** For people: short, the worst first. */
export function textReport(diagnosis: Diagnosis, options: TextOptions = {}): string {
  const { known = new Set(), colours = false, width = Number.POSITIVE_INFINITY } = options;
  const paint = (code: number, text: string): string => (colours ? `\x1b[${code}m${text}\x1b[0m` : text);
  const { findings, accepted, unknown, scores, services, layout } = harmless(diagnosis);
  const rows = scores.map((one) => `  ${paint(COLOURS[one.status], SIGNS[one.status])} ${scoreLine(one)}`);
  return [
    `${services.length} services and gateways (${layout}): ${services.join(', ')}`,
    '',
    ...[...groupBy(findings, ({ rule, severity }) => `${severity} ${rule}`).values()].flatMap((alike) =>
      describeAlike(alike, known, paint),
    ),
    ...rows,
    '',
    ...unknownLines(unknown),
    ...accepted.map((one) => `accepted: ${one.what} (${one.reason})`),
    summary(findings, known),
    '',
  ]
    .map((line) => folded(line, width))
    .join('\n');
}

function scoreLine({ title, score, judged, isAntiPattern, findings, status }: Score): string {
  const found = findings === 0 ? 'not found' : `found ${findings}×`;
  const share = score === undefined ? found : `${score} % of ${judged} judged`;
  return `${title.padEnd(30)} ${status === 'unknown' ? 'not judged' : isAntiPattern ? found : share}`;
}

type Paint = (code: number, text: string) => string;

/** Of what one rule finds, the new ones first; a long list says less than its beginning. */
function describeAlike(alike: readonly Finding[], known: ReadonlySet<string>, paint: Paint): string[] {
  const isKnown = ({ fingerprint }: Finding): boolean => known.has(fingerprint);
  const ordered = [...alike.filter((one) => !isKnown(one)), ...alike.filter(isKnown)];
  const rest = ordered.slice(MOST_ALIKE);
  const names = [...new Set(rest.map(({ subject }) => subject))];
  const listed = names.slice(0, MOST_NAMES).join(', ') + (names.length > MOST_NAMES ? ', …' : '');
  return [
    ...ordered.slice(0, MOST_ALIKE).flatMap((one) => describe(one, isKnown(one), paint)),
    ...(rest.length > 0 ? [`  and ${rest.length} more of [${rest[0]!.rule}]: ${listed} (--format json)`, ''] : []),
  ];
}

function describe(finding: Finding, isKnown: boolean, paint: Paint): string[] {
  const { severity, rule, what, evidence, why, mend } = finding;
  const head = paint(severity === 'error' ? 31 : 33, `${severity === 'error' ? '✖' : '▲'} ${what}`);
  const places = evidence.map(
    ({ file, line, text }) => `    ${file === undefined ? '' : `${file}:${line ?? 1}  `}${text}`,
  );
  return [`${head}  [${rule}]${isKnown ? ' (known)' : ''}`, ...places, `    why:  ${why}`, `    mend: ${mend}`, ''];
}

function unknownLines(unknown: Diagnosis['unknown']): string[] {
  if (unknown.length === 0) return [];
  const shown = unknown.slice(0, MOST_UNKNOWN).map(({ rule, subject, why }) => `  ? ${rule}: ${subject}: ${why}`);
  const rest = unknown.length - shown.length;
  return ['not judged, and so not passed:', ...shown, ...(rest > 0 ? [`  and ${rest} more (--format json)`] : []), ''];
}

function summary(findings: readonly Finding[], known: ReadonlySet<string>): string {
  const count = (severity: string): number => findings.filter((finding) => finding.severity === severity).length;
  const fresh = findings.filter(({ fingerprint, severity }) => severity === 'error' && !known.has(fingerprint)).length;
  if (findings.length === 0) return 'Nothing was found.';
  const already = known.size > 0 ? `, ${fresh} of the errors new against the baseline` : '';
  return `${counted(count('error'), 'error')}, ${counted(count('warning'), 'warning')}${already}.`;
}
