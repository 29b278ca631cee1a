import type { Node } from 'oxc-parser';
import type { System } from '../model/system.ts';
import { dataOf, textOf } from '../model/texts.ts';
import { isFunction, nameOf, property } from '../source/ast.ts';
import type { Entrance } from './entrance.ts';
import { type Schema, schemas } from './moleculer.ts';
import type { Route } from './routes.ts';

/** A path that moleculer-web opens, and the part of its settings that opens it. */
interface Alias {
  readonly schema: Schema;
  readonly route: Node;
  readonly node: Node;
  readonly method: string;
  readonly path: string;
  readonly handler: Node | undefined;
}

const aliasesOf = (system: System, schema: Schema): Alias[] => {
  const routes = property(property(schema.node, 'settings'), 'routes');
  const all = routes?.type === 'ArrayExpression' ? (routes.elements as readonly (Node | null)[]) : [];
  return all.flatMap((route) => {
    if (route?.type !== 'ObjectExpression') return [];
    const prefix = property(route, 'path');
    const under = prefix ? textOf(system.program, schema.file, prefix) : '';
    const aliases = property(route, 'aliases');
    if (aliases?.type !== 'ObjectExpression') {
      return [{ schema, route, node: route, method: 'ALL', path: under || '/', handler: undefined }];
    }
    return aliases.properties.flatMap((entry) => {
      if (entry.type !== 'Property') return [];
      const [method, path] = wordsOf(nameOf(entry.key as Node) ?? '');
      const joined = `${under}/${path}`.replaceAll(/\/{2,}/g, '/');
      const handler = isFunction(entry.value as Node) ? (entry.value as Node) : undefined;
      return [{ schema, route, node: entry as Node, method, path: joined, handler }];
    });
  });
};

function wordsOf(alias: string): [method: string, path: string] {
  const [first = '', rest] = alias.trim().split(/\s+/);
  return rest === undefined ? ['ALL', first] : [first === 'REST' ? 'ALL' : first, rest];
}

/** What moleculer-web lets in, and whom it asks before. */
export const webEntrances = (system: System): readonly Entrance[] =>
  schemas(system).flatMap((schema) =>
    aliasesOf(system, schema).map(({ route, node, method, path }) => ({
      part: schema.part,
      file: schema.file,
      line: schema.file.lineAt(node.start),
      method,
      path,
      hasAuthentication: isAsked(system, schema, route),
      hasRateLimit: [property(schema.node, 'settings'), route].some((one) => isGiven(property(one, 'rateLimit'))),
      access: undefined,
    })),
  );

/** The routes that the gateway of Moleculer answers by itself. */
export const webRoutes = (system: System, file: Schema['file']): Route[] =>
  schemas(system)
    .filter((schema) => schema.file === file)
    .flatMap((schema) => aliasesOf(system, schema))
    .flatMap(({ node, method, path, handler }) =>
      handler ? [{ file, line: file.lineAt(node.start), method, path, handler, before: [], options: undefined }] : [],
    );

const isGiven = (node: Node | undefined): boolean =>
  node !== undefined && !(node.type === 'Literal' && (node.value === null || node.value === false));

const REFUSES = /\bthrow\b|reject|unauthori[sz]ed|forbidden/i;

/** `authorization: true` runs the method `authorize`, which has to turn somebody away. */
function isAsked({ program }: System, { file, node }: Schema, route: Node): boolean {
  const methods = property(node, 'methods');
  return (['authorization', 'authentication'] as const).some((name) => {
    const said = property(route, name);
    if (!said || dataOf(program, file, said) === false) return false;
    const method = property(methods, name === 'authorization' ? 'authorize' : 'authenticate');
    return method === undefined || REFUSES.test(file.textOf(method));
  });
}
