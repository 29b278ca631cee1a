import type { Node } from 'oxc-parser';
import {
  type AnyCall,
  type AnyFunction,
  contains,
  functionsAround,
  isFunction,
  nameOf,
  pathOf,
  property,
  unwrap,
} from '../source/ast.ts';
import { groupBy } from '../source/group-by.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import type { FunctionAt } from './origin.ts';
import type { Origins } from './origins.ts';
import type { Binding } from './scope.ts';
import type { Sources } from './sources.ts';

/** What a parameter is given by one of those who call its function; `path` is the part of that which it takes. */
export interface Given {
  readonly file: ParsedFile;
  readonly node: Node;
  readonly path: readonly string[];
}

type Parameter = Extract<Binding, { kind: 'value' }>;

interface Site {
  readonly file: ParsedFile;
  readonly call: AnyCall;
}

/** More callers than tell anything of a parameter. */
const MANY = 24;

/** What functions are given by those who call them: what plain JavaScript says instead of types. */
export class Arguments {
  readonly #known = new Map<Node, readonly Given[]>();
  #sites: ReadonlyMap<string, readonly Site[]> | undefined;
  #plugins: ReadonlyMap<string, readonly Site[]> | undefined;

  constructor(
    private readonly sources: Sources,
    private readonly origins: Origins,
  ) {}

  /** All that a parameter of this repository's functions is given; none where nobody is known who calls them. */
  of(file: ParsedFile, parameter: Parameter): readonly Given[] {
    const known = this.#known.get(parameter.node);
    if (known) return known;
    // Who asks again while this is being found out asks in a circle.
    this.#known.set(parameter.node, []);
    const found = this.#find(file, parameter);
    this.#known.set(parameter.node, found);
    return found;
  }

  #find(file: ParsedFile, { node, path }: Parameter): readonly Given[] {
    const [around] = [...(isFunction(node) ? [node] : []), ...functionsAround(file, node)];
    const index = around ? (around.params as readonly Node[]).findIndex((one) => contains(one, node)) : -1;
    if (!around || index < 0) return [];
    const given = [...this.#called(file, around), ...this.#handed(file, around)].flatMap((site) => {
      const argument = site.args[index];
      return argument && argument.type !== 'SpreadElement' ? [taken({ file: site.file, node: argument, path })] : [];
    });
    return given.length > 0 ? given : this.#registered(file, { node, path });
  }

  /** What a container hands in by the name of the parameter: a value, or what a function without a block makes. */
  #registered(file: ParsedFile, { node, path }: Pick<Parameter, 'node' | 'path'>): readonly Given[] {
    const found = this.origins.containers.handedIn(file, { node, path } as Parameter);
    if (!found || found.how === 'asClass') return [];
    const made = isFunction(found.node) ? (found.node.body as Node) : found.node;
    return found.how === 'asValue' || (isFunction(found.node) && made.type !== 'BlockStatement')
      ? [{ file: found.file, node: made, path: path.slice(1) }]
      : [];
  }

  /** Calls of a function by its name. */
  #called(file: ParsedFile, node: AnyFunction): { file: ParsedFile; args: readonly Node[] }[] {
    const { name, isMade } = namesOf(file, node);
    if (name === undefined) return [];
    this.#sites ??= sitesByName(this.sources.files);
    this.#plugins ??= pluginsByName(this.sources.files);
    const sites = this.#sites.get(name) ?? [];
    if (sites.length > MANY * 4) return [];
    const called = sites
      .filter(({ file: home, call }) => this.#runs({ file: home, node: call.callee as Node }, { file, node }, isMade))
      .map((site) => ({ file: site.file, args: site.call.arguments as readonly Node[] }));
    const registered = (this.#plugins.get(name) ?? [])
      .filter(({ file: home, call }) => this.#runs({ file: home, node: call.arguments[0] as Node }, { file, node }))
      .map(({ file: home, call }) => ({ file: home, args: pluginArguments(call) }));
    return called.length > MANY ? [] : [...called, ...registered];
  }

  #runs(callee: { file: ParsedFile; node: Node }, { file, node }: FunctionAt, isMade = false): boolean {
    const origin = this.origins.originOf(callee.file, callee.node);
    if (isMade) return origin.kind === 'class' && origin.file === file && contains(origin.node, node);
    return origin.kind === 'functions' && origin.all.some((one) => one.node === node);
  }

  /** `inTransaction(async (session) => …)`: what a function of this repository calls the one with that it is handed. */
  #handed(file: ParsedFile, node: AnyFunction): { file: ParsedFile; args: readonly Node[] }[] {
    const call = file.parentOf(node);
    const index = call?.type === 'CallExpression' ? (call.arguments as readonly Node[]).indexOf(node) : -1;
    if (call?.type !== 'CallExpression' || index < 0) return [];
    const origin = this.origins.originOf(file, call.callee as Node);
    return origin.kind === 'functions' ? origin.all.flatMap((one) => callsOfParameter(one, index)) : [];
  }
}

/** Where a function calls what it is handed at that place. */
export function callsOfParameter({ file, node }: FunctionAt, index: number) {
  const name = nameOf((node.params as readonly Node[])[index]);
  if (name === undefined) return [];
  return file
    .all('CallExpression')
    .filter((one) => contains(node, one) && nameOf(one.callee as Node) === name)
    .map((call) => ({ file, call, args: call.arguments as readonly Node[] }));
}

/** `{ prisma }` of `start({ prisma: client })` is `client`. */
function taken({ file, node, path }: Given): Given {
  const [name, ...rest] = path;
  const value = name === undefined ? undefined : property(unwrap(node), name);
  return value ? taken({ file, node: value, path: rest }) : { file, node, path };
}

/** By which name a function is called, and whether that is the one of the class that it makes. */
function namesOf(file: ParsedFile, node: AnyFunction): { name?: string | undefined; isMade?: boolean } {
  const holder = file.parentOf(node);
  if (node.type === 'FunctionDeclaration' && node.id) return { name: node.id.name };
  if (holder?.type === 'VariableDeclarator') return { name: nameOf(holder.id as Node) };
  if (holder?.type === 'MethodDefinition' && holder.kind === 'constructor') {
    const outer = file.parentOf(file.parentOf(holder)!) as { id?: { name: string } | null };
    return { name: outer.id?.name, isMade: true };
  }
  if (holder?.type === 'MethodDefinition' || holder?.type === 'Property' || holder?.type === 'PropertyDefinition')
    return { name: nameOf(holder.key as Node) };
  if (holder?.type === 'AssignmentExpression') {
    const text = file.textOf(holder.left as Node);
    return { name: text === 'module.exports' ? DEFAULT : pathOf(holder.left as Node).at(-1) };
  }
  return holder?.type === 'ExportDefaultDeclaration' ? { name: DEFAULT } : {};
}

/** What has no name of its own is called by whatever its importer calls it. */
const DEFAULT = '(default)';

function sitesByName(files: readonly ParsedFile[]): ReadonlyMap<string, Site[]> {
  const all = files.flatMap((file) => {
    const imported = importedNames(file);
    return [...file.all('CallExpression'), ...file.all('NewExpression')].flatMap((call) => {
      const name = pathOf(call.callee as Node).at(-1)!;
      const isDefault = imported.has(name) || nameOf(call.callee as Node) === undefined;
      return [{ name, file, call }, ...(isDefault ? [{ name: DEFAULT, file, call }] : [])];
    });
  });
  return groupBy(all, ({ name }) => name);
}

/** Names that a file gives to what others export without one. */
const importedNames = (file: ParsedFile): ReadonlySet<string> =>
  new Set([
    ...file
      .all('ImportDeclaration')
      .flatMap(({ specifiers }) =>
        specifiers.flatMap((one) => (one.type === 'ImportDefaultSpecifier' ? [one.local.name] : [])),
      ),
    ...file
      .all('VariableDeclarator')
      .flatMap(({ id, init }) =>
        id.type === 'Identifier' && init?.type === 'CallExpression' && nameOf(init.callee as Node) === 'require'
          ? [id.name]
          : [],
      ),
  ]);

/** `app.register(routes, { catalog })`: Fastify calls what it is given with itself and with these options. */
function pluginsByName(files: readonly ParsedFile[]): ReadonlyMap<string, Site[]> {
  const all = files.flatMap((file) =>
    file.all('CallExpression').flatMap((call) => {
      const name = pathOf(call.callee as Node).at(-1) === 'register' ? nameOf(call.arguments[0] as Node) : undefined;
      return name === undefined ? [] : [{ name, file, call }];
    }),
  );
  return groupBy(all, ({ name }) => name);
}

function pluginArguments(call: AnyCall): readonly Node[] {
  const app = call.callee.type === 'MemberExpression' ? [call.callee.object as Node] : [];
  return [...app, ...(call.arguments as readonly Node[]).slice(1)];
}
