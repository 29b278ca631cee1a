import type { Node } from 'oxc-parser';
import type { CallSite } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { type AnyFunction, functionsAround, loopAround, nameOf, pathOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';

/** Whether a call runs once, while its process starts: at the top of a file, or in a function that only runs there. */
export function runsOnce(system: System, { file, call }: CallSite, depth = 0): boolean {
  if (loopAround(file, call)) return false;
  const [around] = functionsAround(file, call);
  if (!around || isPlugin(file, around)) return true;
  const callers = depth > 3 ? [] : system.program.callersOf(around);
  return callers.length > 0 && callers.every((site) => runsOnce(system, site, depth + 1));
}

/** What a server takes while it starts: `export default fp(async (fastify) => …)`, `app.register((app) => …)`. */
function isPlugin(file: ParsedFile, node: AnyFunction): boolean {
  if (!/^(fastify|app|server|instance)$/.test(nameOf(node.params[0] as Node | undefined) ?? '')) return false;
  const parent = file.parentOf(node);
  if (parent?.type === 'CallExpression') return /^(fp|plugin|fastifyPlugin|register)$/.test(pathOf(parent).at(-1)!);
  return (
    parent?.type === 'ExportDefaultDeclaration' ||
    (parent?.type === 'AssignmentExpression' && pathOf(parent.left as Node).join('.') === 'module.exports')
  );
}
