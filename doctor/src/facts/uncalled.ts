import type { Node } from 'oxc-parser';
import { perSystem, type System } from '../model/system.ts';
import { classAround, contains, decoratorsOf, functionsAround, nameOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';

/** What Nest, or a class above, calls by its name. */
const HOOKS = /^(on[A-Z]\w*|before\w+|process|handle\w*|execute|run|use|intercept|catch|constructor)$/;

interface Place {
  readonly file: ParsedFile;
  readonly node: Node;
}

/** By which names members are asked for, and where. */
const membersByName = perSystem(({ program }: System): ReadonlyMap<string, readonly Place[]> => {
  const found = new Map<string, Place[]>();
  for (const file of program.files) {
    for (const node of file.all('MemberExpression')) {
      const name = nameOf(node.property as Node);
      if (name === undefined) continue;
      const same = found.get(name) ?? [];
      same.push({ file, node });
      found.set(name, same);
    }
  }
  return found;
});

/** Whether a place lies in a method that nothing calls: no decorator has it called, no hook is called so, no text. */
export function isUncalled(system: System, { file, node }: Place, depth = 0): boolean {
  const method = functionsAround(file, node).at(-1);
  const member = method && file.parentOf(method);
  const holder = member && classAround(file, member);
  if (!method || member?.type !== 'MethodDefinition' || !holder || holder.superClass || depth > 3) return false;
  const name = nameOf(member.key as Node);
  if (name === undefined || HOOKS.test(name) || member.kind !== 'method' || decoratorsOf(member).length > 0)
    return false;
  const asked = (membersByName(system).get(name) ?? []).filter(
    (one) => !(one.file === file && contains(method, one.node)),
  );
  return asked.every((one) => one.file === file && isUncalled(system, one, depth + 1));
}
