import type { Node } from 'oxc-parser';
import type { CallSite } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { type AnyFunction, decoratorsOf, functionsAround, nameOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';

/** What answers a field of a graph: it runs once for each object that an answer has. */
export interface FieldResolver {
  readonly file: ParsedFile;
  readonly node: AnyFunction;
  readonly name: string;
}

const FIELD = /^(ResolveField|ResolveProperty|FieldResolver)$/;
const ROOTS: ReadonlySet<string> = new Set(['Query', 'Mutation', 'Subscription']);

/** The field resolver that comes to a call, itself or through functions of its part; a data loader gathers before. */
export function fieldResolverOf(system: System, { file, call }: CallSite, depth = 0): FieldResolver | undefined {
  const around = functionsAround(file, call);
  for (const node of around) {
    const name = fieldOf(file, node);
    if (name !== undefined) return { file, node, name };
  }
  if (depth > 3) return undefined;
  const own = system.partOf(file.path);
  for (const site of around.flatMap((one) => system.program.callersOf(one))) {
    const found = system.partOf(site.file.path) === own ? fieldResolverOf(system, site, depth + 1) : undefined;
    if (found) return found;
  }
  return undefined;
}

function fieldOf(file: ParsedFile, node: AnyFunction): string | undefined {
  const holder = file.parentOf(node);
  if (node.params.length === 0) return undefined;
  if (holder?.type === 'MethodDefinition')
    return decoratorsOf(holder).some(({ name }) => FIELD.test(name)) ? nameOf(holder.key as Node) : undefined;
  return holder?.type === 'Property' ? inTable(file, holder) : undefined;
}

/** `{ Query: { … }, Post: { author: (post) => … } }` */
function inTable(file: ParsedFile, field: Node & { readonly type: 'Property' }): string | undefined {
  const type = file.parentOf(file.parentOf(field)!);
  if (type?.type !== 'Property') return undefined;
  const [name, table] = [nameOf(type.key as Node) ?? '', file.parentOf(type)];
  if (table?.type !== 'ObjectExpression' || !/^[A-Z]/.test(name) || ROOTS.has(name)) return undefined;
  const isOfGraph = table.properties.some((one) => one.type === 'Property' && ROOTS.has(nameOf(one.key as Node) ?? ''));
  return isOfGraph ? nameOf(field.key as Node) : undefined;
}
