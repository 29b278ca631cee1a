import type { Diagnosis } from '../diagnosis.ts';

/** A baseline that cannot be used. */
export class BaselineError extends Error {
  override readonly name = 'BaselineError';
}

/** What was found before, and is not new: a file that the doctor wrote, or an earlier JSON report. */
export function readBaseline(text: string): ReadonlySet<string> {
  let value: { findings?: readonly { fingerprint?: unknown }[] };
  try {
    value = JSON.parse(text) as typeof value;
  } catch (error) {
    throw new BaselineError(`It is no JSON: ${(error as Error).message}`);
  }
  const found = Array.isArray(value?.findings) ? value.findings.map((finding) => finding?.fingerprint) : undefined;
  if (!found?.every((fingerprint) => typeof fingerprint === 'string')) {
    throw new BaselineError('It has no list of findings with their fingerprints.');
  }
  return new Set(found as string[]);
}

/** What is found now, so that later only what is new counts. */
export const writeBaseline = ({ findings }: Diagnosis): string =>
  `${JSON.stringify(
    { findings: findings.map(({ fingerprint, rule, what }) => ({ fingerprint, rule, what })) },
    null,
    2,
  )}\n`;
