import type { Node } from 'oxc-parser';
import { type CallSite, callsIn } from '../model/program.ts';
import { perSystem, type System } from '../model/system.ts';
import { isFunction, lastOf, nameOf, property, unwrap } from '../source/ast.ts';

/** Calls that are given a fallback which only throws the error again: it answers nothing. */
export const vainFallbacks = perSystem(({ program }: System): readonly CallSite[] =>
  program.files.flatMap((file) =>
    callsIn(file).flatMap((call) => {
      const args = call.arguments as readonly Node[];
      const named = args.flatMap((given) => property(given, 'fallback') ?? []);
      const own = lastOf(call.callee as Node) === 'fallback' && args.length === 1 ? args : [];
      return [...named, ...own].some(onlyThrows) ? [{ file, call }] : [];
    }),
  ),
);

/** `(error) => { throw error; }`, `(error) => Promise.reject(error)` */
function onlyThrows(given: Node): boolean {
  if (!isFunction(given) || !given.body) return false;
  const name = nameOf(given.params[0] as Node | undefined);
  const body = given.body as Node;
  const [only, ...others] = body.type === 'BlockStatement' ? (body.body as readonly Node[]) : [body];
  if (name === undefined || !only || others.length > 0) return false;
  if (only.type === 'ThrowStatement') return nameOf(only.argument) === name;
  const answer = only.type === 'ReturnStatement' ? only.argument : only;
  const call = answer ? unwrap(answer) : undefined;
  return (
    call?.type === 'CallExpression' && lastOf(call.callee) === 'reject' && nameOf(call.arguments[0] as Node) === name
  );
}
