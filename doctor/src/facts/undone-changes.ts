import type { Node } from 'oxc-parser';
import type { CallSite } from '../model/program.ts';
import { ancestorsOf, contains, pathOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';

/** What was tried where somebody now says that it has failed. */
export interface Tried {
  readonly file: ParsedFile;
  readonly block: Node;
}

/** The attempts of whose failure a call is told. */
export const triedBefore = ({ file, call }: CallSite): Tried[] =>
  ancestorsOf(file, call).flatMap((one) =>
    one.type === 'TryStatement' && one.handler && contains(one.handler, call)
      ? [{ file, block: one.block as Node }]
      : [],
  );

/** In a transaction, or the last thing that could fail: a change of what has failed is none. */
export function isUndone({ file, call }: CallSite, { file: home, block }: Tried): boolean {
  if (file !== home || !contains(block, call)) return false;
  const around = ancestorsOf(file, call).filter((one) => contains(block, one));
  const isInTransaction = around.some(
    (one) => one.type === 'CallExpression' && /transaction/i.test(pathOf(one.callee as Node).at(-1)!),
  );
  const isRepeated = around.some(({ type }) => /^(For|While|DoWhile)/.test(type));
  const isLast = !/\bawait\b/.test(file.textOf(block).slice(call.end - block.start));
  return isInTransaction || (isLast && !isRepeated);
}
