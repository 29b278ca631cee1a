import type { Node } from 'oxc-parser';
import { callsIn } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { contains, functionsAround, isFunction, nameOf, pathOf, unwrap } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { isWrite } from './effects.ts';

/** What begins as a promise that is kept: `let tail = Promise.resolve()`, also as a field. */
const BEGINS = /^Promise\.resolve\(/;

/**
 * Promises of a file behind which changes of a database wait for each other: `tail = tail.then(() => save(order))`. In
 * the other replicas nobody waits for them.
 */
export const promiseChains = (system: System, file: ParsedFile): readonly Node[] =>
  kept(file).flatMap(({ name, node }) => (chains(system, file, name) ? [node] : []));

function kept(file: ParsedFile): { readonly name: string; readonly node: Node }[] {
  const begins = (init: Node | null | undefined): boolean => !!init && BEGINS.test(file.textOf(unwrap(init)));
  const all = file.all('PropertyDefinition') as unknown as readonly { key: Node; value: Node | null }[];
  const fields = all.flatMap((one) =>
    begins(one.value) ? [{ name: nameOf(one.key as Node) ?? '', node: one.key }] : [],
  );
  const variables = file
    .all('VariableDeclarator')
    .flatMap((one) =>
      begins(one.init) && functionsAround(file, one).length === 0
        ? [{ name: nameOf(one.id as Node) ?? '', node: one.id as Node }]
        : [],
    );
  return [...fields, ...variables];
}

/** Whether a function waits for it with a change in its hands, and puts that in its place. */
function chains(system: System, file: ParsedFile, name: string): boolean {
  const isIt = (node: Node): boolean => pathOf(node).at(-1) === name;
  return callsIn(file).some((call) => {
    if (call.callee.type !== 'MemberExpression' || nameOf(call.callee.property as Node) !== 'then') return false;
    const [around] = functionsAround(file, call);
    const run = (call.arguments as readonly Node[]).find(isFunction);
    if (!around || !run || !isIt(call.callee.object as Node)) return false;
    const isReplaced = file.all('AssignmentExpression').some((one) => contains(around, one) && isIt(one.left as Node));
    return isReplaced && system.program.callsReachedFrom({ file, node: run }).some((site) => isWrite(system, site));
  });
}
