import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Node } from 'oxc-parser';
import { isCalled, type Part } from '../model/layout.ts';
import { callsIn } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { valueNode } from '../model/texts.ts';
import { property } from '../source/ast.ts';
import { groupBy } from '../source/group-by.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { type JsonSchema, shapeIn } from './published-before.ts';
import { type Route, routesIn } from './routes.ts';
import { breaks, shapeOf } from './shapes.ts';

/** What a client of a route no longer gets along with. */
export interface BrokenRoute {
  readonly subject: string;
  readonly what: string;
  readonly file: string;
  readonly line: number;
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema?: JsonSchema }>>;
}
interface Operation {
  readonly requestBody?: Content;
  readonly responses?: Readonly<Record<string, Content>>;
}
interface OpenApi {
  readonly info?: { readonly title?: string };
  readonly paths?: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, JsonSchema>> };
}

/** By the OpenAPI documents of a folder (`*.openapi.json`), of the services that bear their titles. */
export function brokenRoutes(system: System, folder: string): BrokenRoute[] {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) return [];
  const names = readdirSync(folder).filter((name) => name.endsWith('.openapi.json'));
  return names.sort().flatMap((name) => {
    const path = join(folder, name);
    const document = JSON.parse(readFileSync(path, 'utf8')) as OpenApi;
    const part = system.services.find((one) => isCalled(one, document.info?.title ?? ''));
    return part ? brokenIn(system, part, { document, file: path.slice(system.root.length + 1) }) : [];
  });
}

const plain = (path: string): string => path.replaceAll(/\{[^}]*\}|:[^/]+/g, '*');
const root = (path: string): string => path.split('/')[1] ?? '';

function brokenIn(system: System, part: Part, { document, file }: { document: OpenApi; file: string }): BrokenRoute[] {
  const routes = system.filesOf(part).flatMap((one) => routesIn(system).get(one) ?? []);
  const find = (method: string, path: string): Route | undefined =>
    routes.find((one) => one.method === method && plain(one.path) === plain(path));
  const published = Object.entries(document.paths ?? {}).flatMap(([path, operations]) =>
    Object.entries(operations)
      .map(([verb, operation]) => ({ method: verb.toUpperCase(), path, operation }))
      .filter(({ method }) => /^(GET|POST|PUT|PATCH|DELETE)$/.test(method)),
  );
  // What a kit answers for all of them stands elsewhere.
  const own = [...groupBy(published, ({ path }) => root(path)).values()].filter(
    (same) => 2 * same.filter(({ method, path }) => find(method, path)).length >= same.length,
  );
  return own.flat().flatMap(({ method, path, operation }): BrokenRoute[] => {
    const subject = `${method} ${path}`;
    const route = find(method, path);
    if (!route) return [{ subject, what: `${subject} was published, and is gone`, file, line: 1 }];
    return changesOf(system, route, { operation, document }).map((what) => ({
      subject,
      what: `${subject} breaks: ${what}`,
      file: route.file.path,
      line: route.line,
    }));
  });
}

interface Before {
  readonly operation: Operation;
  readonly document: OpenApi;
}

function changesOf(system: System, route: Route, { operation, document }: Before): string[] {
  const schema = schemaOf(system, route);
  if (!schema) return [];
  const shapesOf = (content: Content | undefined): JsonSchema | undefined => {
    const given = Object.values(content?.content ?? {})[0]?.schema;
    const name = given?.$ref?.split('/').at(-1);
    return name === undefined ? given : document.components?.schemas?.[name];
  };
  const body = schema.at('body');
  const asked = shapesOf(operation.requestBody);
  const answers = schema.at('response');
  const statuses = Object.keys(operation.responses ?? {}).filter((status) => /^[23]/.test(status));
  const compared = (then: JsonSchema | undefined, now: At | undefined, which: RegExp): string[] =>
    then && now ? breaks(shapeIn(then), shapeOf(system, now.file, now.node)).filter((what) => which.test(what)) : [];
  return [
    ...compared(asked, body, /is new, and required$|is gone$|and is required$|bound more tightly/).map(
      (what) => `in requests ${what}`,
    ),
    ...(answers ? statuses : []).flatMap((status) => {
      const now = inside(system, answers!, status);
      if (!now) return [`it no longer answers ${status}`];
      const then = shapesOf(operation.responses![status]);
      return compared(then, now, /is gone$|and is optional$/).map((what) => `in answers ${what}`);
    }),
  ];
}

interface At {
  readonly file: ParsedFile;
  readonly node: Node;
}

/** Also by numbers: `response: { 202: Order }`. */
const inside = ({ program }: System, { file, node }: At, name: string): At | undefined => {
  const entries = node.type === 'ObjectExpression' ? node.properties : [];
  const entry = entries.find((one) => one.type === 'Property' && file.textOf(one.key) === name);
  const found = entry?.type === 'Property' ? (entry.value as Node) : property(node, name);
  return found && (valueNode(program, file, found) ?? { file, node: found });
};

/** The schemas of a route, where its options tell them. */
function schemaOf(system: System, { file, line }: Route): { at(name: string): At | undefined } | undefined {
  for (const call of callsIn(file).filter((one) => file.lineAt(one.start) === line)) {
    const given = call.arguments[1] as Node | undefined;
    const options = given && valueNode(system.program, file, given);
    const schema = options && inside(system, options, 'schema');
    if (schema) return { at: (name) => inside(system, schema, name) };
  }
  return undefined;
}
