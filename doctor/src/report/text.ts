import type { Diagnosis, Finding, Score } from '../diagnosis.ts';

export interface TextOptions {
  /** Fingerprints that are known already. */
  readonly known?: ReadonlySet<string>;
  readonly colours?: boolean;
}

const SIGNS: Readonly<Record<Score['status'], string>> = { holds: '✔', broken: '✖', doubtful: '▲', unknown: '?' };
const COLOURS: Readonly<Record<Score['status'], number>> = { holds: 32, broken: 31, doubtful: 33, unknown: 90 };
const MOST_UNKNOWN = 12;

/** For people: short, the worst first. */
export function textReport(diagnosis: Diagnosis, { known = new Set(), colours = false }: TextOptions = {}): string {
  const paint = (code: number, text: string): string => (colours ? `\x1b[${code}m${text}\x1b[0m` : text);
  const { findings, accepted, unknown, scores, services, layout } = diagnosis;
  const rows = scores.map(({ status, title, score, judged, isAntiPattern, findings: count }) => {
    const figure =
      score === undefined
        ? 'not judged'
        : isAntiPattern
          ? count === 0
            ? 'not found'
            : `found ${count}×`
          : `${score} %`;
    const of = judged === 0 ? '' : ` of ${judged} judged`;
    return `  ${paint(COLOURS[status], SIGNS[status])} ${title.padEnd(30)} ${figure}${isAntiPattern ? '' : of}`;
  });
  return [
    `${services.length} services and gateways (${layout}): ${services.join(', ')}`,
    '',
    ...findings.flatMap((finding) => describe(finding, known.has(finding.fingerprint), paint)),
    ...rows,
    '',
    ...unknownLines(unknown),
    ...accepted.map((one) => `accepted: ${one.what} (${one.reason})`),
    summary(findings, known),
    '',
  ].join('\n');
}

function describe(finding: Finding, isKnown: boolean, paint: (code: number, text: string) => string): string[] {
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
  return `${count('error')} errors, ${count('warning')} warnings${already}.`;
}
