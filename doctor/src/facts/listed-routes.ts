import type { Node } from 'oxc-parser';
import { elementsOf, type ListElement, listOver } from '../model/lists.ts';
import { callsIn } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { dataOf, textOf } from '../model/texts.ts';
import { nameOf, pathOf, property } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { hooksOf, isServer, type Route } from './routes.ts';

const BEFORE = /^(guards?|middlewares?|before|pre_?handlers?|onRequest|hooks?|use|policies|chain)$/i;
const HANDLERS = ['handler', 'handle', 'action', 'controller', 'run', 'fn'];

/** Routes that a loop makes of a list: `for (const { method, path, handler } of ROUTES) app[method](path, handler)`. */
export const listedRoutes = (system: System, file: ParsedFile): Route[] =>
  callsIn(file).flatMap((call) => {
    if (call.type !== 'CallExpression' || call.callee.type !== 'MemberExpression') return [];
    const { object, property: verb, computed } = call.callee;
    const isOpen = computed && verb.type !== 'Literal';
    const [first] = call.arguments as readonly Node[];
    if (!first || (!isOpen && nameOf(verb as Node) !== 'route') || first.type === 'ObjectExpression') return [];
    if (!isServer(system, file, object as Node)) return [];
    const list = listOver(system.program, file, call);
    return list ? elementsOf(system.program, list).flatMap((one) => routeOf(system, one)) : [];
  });

const VERB = /^(get|post|put|patch|delete|head|options|all|use)$/i;

/** `['get', '/orders', authenticate, list]` */
function tupleRoute({ program }: System, { file, node }: ListElement): Route[] {
  const parts = (node as Extract<Node, { type: 'ArrayExpression' }>).elements as readonly Node[];
  const texts = parts.map((one) => (one ? textOf(program, file, one) : ''));
  const path = texts.find((one) => one.startsWith('/'));
  const verb = texts.find((one) => VERB.test(one));
  const steps = parts.filter((one, at) => one && !VERB.test(texts[at]!) && !texts[at]!.startsWith('/'));
  if (path === undefined || steps.length === 0) return [];
  const [method, line] = [verb?.toUpperCase() ?? 'ALL', file.lineAt(node.start)];
  return [{ file, line, method, path, handler: steps.at(-1), before: steps.slice(0, -1), options: undefined }];
}

function routeOf(system: System, { file, node }: ListElement): Route[] {
  if (node.type === 'ArrayExpression') return tupleRoute(system, { file, node });
  const { program } = system;
  const path = property(node, 'path') ?? property(node, 'url');
  const method = property(node, 'method') ?? property(node, 'verb');
  const handler = HANDLERS.map((name) => property(node, name)).find((one) => one !== undefined);
  if (!path || !handler) return [];
  return [
    {
      file,
      line: file.lineAt(node.start),
      method: method ? textOf(program, file, method).toUpperCase() : 'ALL',
      path: textOf(program, file, path),
      handler,
      before: [...hooksOf(node), ...stepsIn(node)],
      options: dataOf(program, file, node),
    },
  ];
}

/** What an entry of a table says that a request passes before. */
export function stepsIn(node: Node): Node[] {
  if (node.type !== 'ObjectExpression') return [];
  return node.properties.flatMap((entry) => {
    if (entry.type !== 'Property' || !BEFORE.test(nameOf(entry.key as Node) ?? '')) return [];
    const value = entry.value as Node;
    return value.type === 'ArrayExpression' ? (value.elements as readonly Node[]).filter(Boolean) : [value];
  });
}

/** Whether an entry of a table names steps at all, also none: `guards: []`. */
export const namesSteps = (node: Node): boolean =>
  node.type === 'ObjectExpression' &&
  node.properties.some(
    (entry) =>
      entry.type === 'Property' &&
      BEFORE.test(nameOf(entry.key as Node) ?? '') &&
      /^(ArrayExpression|Identifier|MemberExpression|CallExpression)$/.test(entry.value.type) &&
      pathOf(entry.value as Node)[0] !== 'undefined',
  );
