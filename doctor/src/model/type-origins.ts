import type { Node } from 'oxc-parser';
import { type AnyClass, type AnyFunction, nameOf, type ObjectLiteral } from '../source/ast.ts';
import { groupBy } from '../source/group-by.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { type FunctionAt, type Origin, UNKNOWN } from './origin.ts';
import type { Origins } from './origins.ts';
import { annotationOf } from './scope.ts';
import type { Sources } from './sources.ts';

interface Named {
  readonly at: Node;
  readonly depth?: number;
}

/** Where values of a type come from, as far as its name tells. */
export class TypeOrigins {
  readonly #busy = new Set<Node>();
  readonly #makers = new Map<Node, readonly FunctionAt[]>();
  readonly #implementers = new Map<Node, readonly { file: ParsedFile; node: AnyClass }[]>();
  #byInterface: ReadonlyMap<string, readonly { file: ParsedFile; node: AnyClass }[]> | undefined;
  #byType: ReadonlyMap<string, readonly { file: ParsedFile; node: ObjectLiteral; type: Node }[]> | undefined;
  #byAnswer: ReadonlyMap<string, readonly { file: ParsedFile; node: AnyFunction; type: Node }[]> | undefined;

  constructor(
    private readonly sources: Sources,
    private readonly origins: Origins,
  ) {}

  /** The classes that say that they implement an interface. */
  implementersOf(interfaceNode: Node): readonly { file: ParsedFile; node: AnyClass }[] {
    const known = this.#implementers.get(interfaceNode);
    if (known) return known;
    const name = (interfaceNode as { id?: { name?: string } }).id?.name;
    this.#byInterface ??= classesByInterface(this.sources.files);
    const found = (this.#byInterface.get(name ?? '') ?? []).filter(({ file, node }) => {
      const origin = this.#ofTypeName(file, name!, { at: node });
      return (origin.kind === 'interface' || origin.kind === 'instance') && origin.node === interfaceNode;
    });
    this.#implementers.set(interfaceNode, found);
    return found;
  }

  /** The functions whose answer is said to be of an interface. */
  makersOf(interfaceNode: Node): readonly FunctionAt[] {
    const known = this.#makers.get(interfaceNode);
    if (known) return known;
    const name = (interfaceNode as { id?: { name?: string } }).id?.name;
    this.#byAnswer ??= functionsByAnswer(this.sources.files);
    const found = (this.#byAnswer.get(name ?? '') ?? []).filter(({ file, type }) => {
      const origin = this.originOfType(file, type);
      return origin.kind === 'interface' && origin.node === interfaceNode;
    });
    this.#makers.set(interfaceNode, found);
    return found;
  }

  /** The objects that are said to be of an interface: `const systemTimers: Timers = { … }`. */
  objectsOf(interfaceNode: Node): readonly { file: ParsedFile; node: ObjectLiteral }[] {
    const name = (interfaceNode as { id?: { name?: string } }).id?.name;
    this.#byType ??= objectsByType(this.sources.files);
    return (this.#byType.get(name ?? '') ?? []).filter(({ file, type }) => {
      const origin = this.originOfType(file, type);
      return origin.kind === 'interface' && origin.node === interfaceNode;
    });
  }

  /** Where values of a type come from; one that is told by itself comes from nowhere. */
  originOfType(file: ParsedFile, type: Node): Origin {
    if (this.#busy.has(type)) return UNKNOWN;
    this.#busy.add(type);
    const origin = this.#find(file, type);
    this.#busy.delete(type);
    return origin;
  }

  #find(file: ParsedFile, type: Node): Origin {
    switch (type.type) {
      case 'TSTypeReference': {
        const name = nameOf(type.typeName as Node);
        if (name === undefined) return this.#ofQualifiedType(file, type.typeName as Node);
        const inner = type.typeArguments?.params[0] as Node | undefined;
        if (inner && TRANSPARENT.has(name)) return this.originOfType(file, inner);
        return this.#ofTypeName(file, name, { at: type });
      }
      case 'TSTypeLiteral':
        return { kind: 'interface', file, node: type };
      case 'TSTypeQuery':
        return type.exprName.type === 'Identifier' ? this.origins.ofName(file, type.exprName.name, type) : UNKNOWN;
      case 'TSImportType': {
        const name = nameOf(type.qualifier as Node | null);
        const target = this.sources.resolve(file.path, nameOf(type.source as Node) ?? '');
        const home = target.kind === 'own' ? this.sources.fileAt(target.path) : undefined;
        return home && name !== undefined ? this.#exportedType(home, name, 0) : UNKNOWN;
      }
      case 'TSUnionType':
      case 'TSIntersectionType':
        return (
          type.types.map((one) => this.originOfType(file, one as Node)).find(({ kind }) => kind !== 'unknown') ??
          UNKNOWN
        );
      default:
        return UNKNOWN;
    }
  }

  #ofQualifiedType(file: ParsedFile, name: Node): Origin {
    if (name.type !== 'TSQualifiedName') return UNKNOWN;
    const left = nameOf(name.left as Node);
    const origin = left === undefined ? UNKNOWN : this.origins.ofName(file, left, name);
    const found = this.origins.memberOf(origin, name.right.name);
    return found.kind === 'class' ? { ...found, kind: 'instance' } : found;
  }

  #ofTypeName(file: ParsedFile, name: string, { at, depth = 0 }: Named): Origin {
    const binding = depth > 8 ? undefined : this.sources.scopesOf(file).lookUp(name, at);
    if (!binding) return UNKNOWN;
    if (binding.kind === 'class') return { kind: 'instance', file, node: binding.node };
    if (binding.kind === 'type') {
      if (binding.node.type === 'TSInterfaceDeclaration') return { kind: 'interface', file, node: binding.node };
      return this.originOfType(
        file,
        (binding.node as Extract<Node, { type: 'TSTypeAliasDeclaration' }>).typeAnnotation,
      );
    }
    if (binding.kind !== 'import') return UNKNOWN;
    const target = this.sources.resolve(file.path, binding.specifier);
    if (target.kind !== 'own') return this.origins.exportOf(file, binding.specifier, binding.name);
    const next = this.sources.fileAt(target.path);
    return next ? this.#exportedType(next, binding.name, depth + 1) : UNKNOWN;
  }

  #exportedType(file: ParsedFile, name: string, depth: number): Origin {
    if (depth > 8) return UNKNOWN;
    const scopes = this.sources.scopesOf(file);
    const found = scopes.exports.get(name);
    if (found && 'local' in found) return this.#ofTypeName(file, found.local, { at: file.program, depth: depth + 1 });
    const specifiers = found ? [found.specifier] : scopes.handedOn;
    for (const specifier of specifiers) {
      const target = this.sources.resolve(file.path, specifier);
      if (target.kind === 'library') return { kind: 'external', module: target.module, path: [name] };
      const next = target.kind === 'own' ? this.sources.fileAt(target.path) : undefined;
      const origin = next ? this.#exportedType(next, found ? found.name : name, depth + 1) : UNKNOWN;
      if (origin.kind !== 'unknown') return origin;
    }
    return UNKNOWN;
  }
}

/** The classes of a repository by the names of what they say they implement. */
const classesByInterface = (files: readonly ParsedFile[]) =>
  grouped(
    files.flatMap((file) =>
      [...file.all('ClassDeclaration'), ...file.all('ClassExpression')].flatMap((node) =>
        (node.implements ?? []).map(({ expression }) => ({ name: nameOf(expression as Node), file, node })),
      ),
    ),
  );

/** The functions of a repository by the name of the type that they say they answer with. */
const functionsByAnswer = (files: readonly ParsedFile[]) =>
  grouped(
    files.flatMap((file) =>
      [...file.all('FunctionDeclaration'), ...file.all('ArrowFunctionExpression')].flatMap((node) => {
        const type = node.returnType?.typeAnnotation;
        return type?.type === 'TSTypeReference' ? [{ name: nameOf(type.typeName as Node), file, node, type }] : [];
      }),
    ),
  );

/** The object literals of a repository by the name of the type that their variable is given. */
const objectsByType = (files: readonly ParsedFile[]) =>
  grouped(
    files.flatMap((file) =>
      file.all('VariableDeclarator').flatMap(({ id, init }) => {
        const type = annotationOf(id as Node);
        if (init?.type !== 'ObjectExpression' || type?.type !== 'TSTypeReference') return [];
        return [{ name: nameOf(type.typeName as Node), file, node: init, type }];
      }),
    ),
  );

const grouped = <T extends { readonly name: string | undefined }>(all: readonly T[]): ReadonlyMap<string, T[]> =>
  groupBy(all, ({ name }) => name ?? '');

const TRANSPARENT: ReadonlySet<string> = new Set([
  'Promise',
  'Readonly',
  'Partial',
  'Required',
  'Pick',
  'Omit',
  'NonNullable',
  'Awaited',
]);
