import type { Node } from 'oxc-parser';
import { perSystem, type System } from '../model/system.ts';
import { ancestorsOf, nameOf, pathOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';

/** Where a check of tokens is told to take those that have expired. */
export interface Expired {
  readonly file: ParsedFile;
  readonly node: Node;
}

/** Who makes a new token of an old one, or ends a session, has to read what has expired. */
const RENEWS = /refresh|renew|logout|sign_?out|revoke|expired/i;
const CHECKS = /^(super|verify\w*|\w*Strategy|express_?jwt|jwt|jwtVerify)$/i;

/** `ignoreExpiration: true` where somebody is let in. */
export const expiredTokens = perSystem((system: System): readonly Expired[] =>
  system.program.files.flatMap((file) =>
    RENEWS.test(file.path)
      ? []
      : file.all('Property').flatMap((node) => {
          const value = node.value as Node;
          const isIgnored = nameOf(node.key) === 'ignoreExpiration' && value.type === 'Literal' && value.value === true;
          return isIgnored && letsIn(file, node) ? [{ file, node }] : [];
        }),
  ),
);

function letsIn(file: ParsedFile, node: Node): boolean {
  const around = ancestorsOf(file, node);
  const isOfCheck = around.some((one) => one.type === 'Property' && /^verify(Options)?$/.test(nameOf(one.key) ?? ''));
  if (isOfCheck) return !around.some((one) => RENEWS.test(named(one)));
  const call = around.find(({ type }) => type === 'CallExpression' || type === 'NewExpression');
  if (call?.type !== 'CallExpression' && call?.type !== 'NewExpression') return false;
  const name = call.callee.type === 'Super' ? 'super' : pathOf(call.callee).at(-1)!;
  return CHECKS.test(name) && !around.some((one) => RENEWS.test(named(one)));
}

const named = (node: Node): string =>
  ('id' in node ? nameOf(node.id as Node | null) : 'key' in node ? nameOf(node.key as Node) : undefined) ?? '';
