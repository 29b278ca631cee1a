import type { Diagnosis } from '../diagnosis.ts';
import { groupBy } from '../source/group-by.ts';

/** A baseline that cannot be used. */
export class BaselineError extends Error {
  override readonly name = 'BaselineError';
}

interface Entry {
  readonly fingerprint: string;
  readonly rule?: unknown;
  readonly what?: unknown;
}

/** What was found before, and is not new: a file that the doctor wrote, or an earlier JSON report. */
export const readBaseline = (text: string): ReadonlySet<string> =>
  new Set(entriesOf(text).map(({ fingerprint }) => fingerprint));

/**
 * The fingerprints of what a baseline knows of these findings. A finding of the same words as one that is gone is that
 * one, in a file that has moved; one for each that is gone, so that a second one is new.
 */
export function knownFindings(text: string, { findings }: Pick<Diagnosis, 'findings'>): ReadonlySet<string> {
  const entries = entriesOf(text);
  const known = new Set(entries.map(({ fingerprint }) => fingerprint));
  const found = new Set(findings.map(({ fingerprint }) => fingerprint));
  const gone = groupBy(
    entries.filter(({ fingerprint }) => !found.has(fingerprint)),
    wordsOf,
  );
  const moved = findings.filter((finding) => !known.has(finding.fingerprint) && gone.get(wordsOf(finding))?.pop());
  return new Set([...known, ...moved.map(({ fingerprint }) => fingerprint)]);
}

const wordsOf = ({ rule, what }: Pick<Entry, 'rule' | 'what'>): string => `${rule}\0${what}`;

function entriesOf(text: string): Entry[] {
  let value: { findings?: readonly Entry[] };
  try {
    value = JSON.parse(text) as typeof value;
  } catch (error) {
    throw new BaselineError(`It is no JSON: ${(error as Error).message}`);
  }
  const found = Array.isArray(value?.findings) ? (value.findings as Entry[]) : undefined;
  if (!found?.every((entry) => typeof entry?.fingerprint === 'string')) {
    throw new BaselineError('It has no list of findings with their fingerprints.');
  }
  return [...new Map(found.map((entry) => [entry.fingerprint, entry])).values()];
}

/** What is found now, so that later only what is new counts. */
export const writeBaseline = ({ findings }: Diagnosis): string =>
  `${JSON.stringify(
    { findings: findings.map(({ fingerprint, rule, what }) => ({ fingerprint, rule, what })) },
    null,
    2,
  )}\n`;
