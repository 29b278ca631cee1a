import type { Node } from 'oxc-parser';
import type { Program } from '../model/program.ts';
import { textOf, valueNode } from '../model/texts.ts';
import type { ParsedFile } from '../source/parsed-file.ts';

const FOR_EVER = /^(false|0|null)$|Infinity|POSITIVE_INFINITY|MAX_(SAFE_INTEGER|VALUE)/;
/** Nobody waits for an answer as long as this. */
const TEN_MINUTES_MS = 600_000;

/** Whether a time-out, in milliseconds, is none. */
export function isForEver(program: Program, file: ParsedFile, node: Node): boolean {
  if (FOR_EVER.test(textOf(program, file, node))) return true;
  const value = valueNode(program, file, node)?.node ?? node;
  return value.type === 'Literal' && typeof value.value === 'number' && value.value >= TEN_MINUTES_MS;
}
