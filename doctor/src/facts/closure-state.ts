import type { Node } from 'oxc-parser';
import type { System } from '../model/system.ts';
import { type AnyFunction, functionsAround, nameOf, pathOf, unwrap } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import {
  functionName,
  grows,
  isCollection,
  isSameBinding,
  isTop,
  OF_THE_PROCESS,
  type ProcessState,
} from './kept-state.ts';

const REQUEST = /^_?(req|request|ctx|context|socket|message|msg|event|c)$/;
const HANDLED_BY = /^(get|post|put|patch|delete|all|route|use|addHook|on|subscribe|consume|onRequest|preHandler)$/;

/** What a function keeps for those that it makes: a plugin for its routes, a middleware, a store in memory. */
export function closureState({ program }: System, file: ParsedFile): ProcessState[] {
  return file.all('VariableDeclaration').flatMap((declaration) => {
    const [maker] = functionsAround(file, declaration);
    if (!maker || isTop(file, declaration) || isForRequest(maker)) return [];
    return declaration.declarations.flatMap(({ id, init }): ProcessState[] => {
      if (id.type !== 'Identifier' || !isCollection(init as Node | null) || OF_THE_PROCESS.test(id.name)) return [];
      const isGrown = file.all('Identifier').some((node) => {
        if (node.name !== id.name || !grows(file, node)) return false;
        if (!isSameBinding(program, file, { node, id: id as Node })) return false;
        const inside = functionsAround(file, node);
        const made = inside[inside.indexOf(maker) - 1];
        return made !== undefined && outlives(file, made, maker);
      });
      return isGrown ? [{ node: id as Node, name: id.name, holder: functionName(file, maker) }] : [];
    });
  });
}

const isForRequest = (node: AnyFunction): boolean =>
  (node.params as readonly Node[]).slice(0, 2).some((parameter) => REQUEST.test(nameOf(parameter) ?? ''));

/** Whether a function is called for each request, after its maker has ended: a handler, a middleware. */
function outlives(file: ParsedFile, made: AnyFunction, maker: AnyFunction): boolean {
  const parent = file.parentOf(made);
  if (parent?.type === 'ReturnStatement' || parent === maker) return isForRequest(made);
  if (parent?.type === 'CallExpression') {
    return parent.callee.type === 'MemberExpression' && HANDLED_BY.test(nameOf(parent.callee.property as Node) ?? '');
  }
  if (parent?.type !== 'Property') return false;
  const holder = file.parentOf(file.parentOf(parent)!);
  const isReturned = holder?.type === 'ReturnStatement' || holder === maker;
  return isReturned && /store|repositor|session|cache|limit|cart|memory/i.test(functionName(file, maker));
}

/** `globalThis.last = …`, when a request comes. */
export function globalState({ program }: System, file: ParsedFile): ProcessState[] {
  return file.all('AssignmentExpression').flatMap(({ left, start }): ProcessState[] => {
    const node = unwrap(left as Node);
    if (node.type !== 'MemberExpression' || functionsAround(file, node).length === 0) return [];
    const [root, ...rest] = pathOf(node);
    const isGlobal = (root === 'globalThis' || root === 'global') && !program.scopesOf(file).lookUp(root, node);
    const name = rest.at(-1) ?? '';
    return isGlobal && !OF_THE_PROCESS.test(name) ? [{ node: { ...node, start }, name, holder: root! }] : [];
  });
}
