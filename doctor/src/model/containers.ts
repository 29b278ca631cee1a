import type { Node } from 'oxc-parser';
import { ancestorsOf, functionsAround, isFunction, nameOf, pathOf } from '../source/ast.ts';
import { groupBy } from '../source/group-by.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { type CallIn, type Origin, UNKNOWN } from './origin.ts';
import type { Origins } from './origins.ts';
import type { Binding } from './scope.ts';
import type { Sources } from './sources.ts';

/** What a container was told to make under a name, and how: of a class, by a function, or as it is. */
export interface Registration {
  readonly file: ParsedFile;
  readonly how: 'asClass' | 'asFunction' | 'asValue';
  readonly node: Node;
}

const CONTAINERS = /^(awilix|inversify|tsyringe|typedi|@nestjs\/core)$/;
const ASKS = /^(resolve|get|getAsync)$/;

/** What containers hand out, and hand in by names: `container.resolve('orders')`, `cradle.orders`, parameters. */
export class Containers {
  #byName: ReadonlyMap<string, readonly Registration[]> | undefined;

  constructor(
    private readonly sources: Sources,
    private readonly origins: Origins,
  ) {}

  /** What a container of a library answers with, by a name, a class or the type that it is asked for. */
  asked({ file, call }: CallIn, container: Origin): Origin {
    if (container.kind !== 'external' || !CONTAINERS.test(container.module)) return UNKNOWN;
    const [token] = call.arguments as readonly Node[];
    if (!token || call.callee.type !== 'MemberExpression' || !ASKS.test(nameOf(call.callee.property as Node) ?? ''))
      return UNKNOWN;
    const name = nameOf(token.type === 'Identifier' ? null : token);
    const made = name === undefined ? this.origins.originOf(file, token) : this.named(name);
    if (made.kind === 'class') return { ...made, kind: 'instance' };
    const type = call.typeArguments?.params[0] as Node | undefined;
    return name === undefined ? this.origins.originOfType(file, type) : made;
  }

  /** `container.cradle.orders` */
  inCradle(cradle: Extract<Origin, { kind: 'external' }>, name: string): Origin {
    return cradle.module === 'awilix' && cradle.path.at(-1) === 'cradle' ? this.named(name) : UNKNOWN;
  }

  /** What is handed in by the name of a parameter, or of a part of the only one: `({ orders }) => …`. */
  handedIn(file: ParsedFile, parameter: Extract<Binding, { kind: 'value' }>): Registration | undefined {
    const name = parameter.path[0] ?? nameOf(parameter.node);
    if (name === undefined || parameter.path.length > 1 || !this.#isMadeByOne(file, parameter.node)) return undefined;
    return this.#registered(name);
  }

  named(name: string): Origin {
    const registered = this.#registered(name);
    return registered ? this.madeBy(registered) : UNKNOWN;
  }

  madeBy({ file, how, node }: Registration): Origin {
    const origin = this.origins.originOf(file, node);
    if (how === 'asClass') return origin.kind === 'class' ? { ...origin, kind: 'instance' } : origin;
    return how === 'asFunction' && origin.kind === 'functions' ? this.origins.answerOf(origin) : origin;
  }

  /** Whether a class is registered so that all get one of it: `asClass(Orders).singleton()`. */
  isSingleton(node: Node): boolean {
    this.#byName ??= registrationsIn(this.sources.files);
    return [...this.#byName.values()].flat().some(({ file, how, node: given }) => {
      if (how !== 'asClass' || !SINGLETON.test(file.textOf(registrationAround(file, given)))) return false;
      const origin = this.origins.originOf(file, given);
      return origin.kind === 'class' && origin.node === node;
    });
  }

  /** One that is told twice, as for tests, is not known. */
  #registered(name: string): Registration | undefined {
    this.#byName ??= registrationsIn(this.sources.files);
    const [only, ...others] = this.#byName.get(name) ?? [];
    return only && others.every(({ node, file }) => file.textOf(node) === only.file.textOf(only.node))
      ? only
      : undefined;
  }

  /** Whether a container calls the function of a parameter, or makes its class. */
  #isMadeByOne(file: ParsedFile, parameter: Node): boolean {
    this.#byName ??= registrationsIn(this.sources.files);
    if (this.#byName.size === 0) return false;
    const around = isFunction(parameter) ? parameter : functionsAround(file, parameter)[0];
    const holder = around && file.parentOf(around);
    const owner =
      holder?.type === 'MethodDefinition' && holder.kind === 'constructor' ? ancestorsOf(file, holder)[1] : around;
    return [...this.#byName.values()].flat().some((one) => {
      const origin = this.origins.originOf(one.file, one.node);
      return origin.kind === 'functions'
        ? origin.all.some(({ node }) => node === owner)
        : origin.kind === 'class' && origin.node === owner;
    });
  }
}

const SINGLETON = /\bsingleton\b/i;

/** The call that registers a class, with its lifetime. */
const registrationAround = (file: ParsedFile, given: Node): Node =>
  ancestorsOf(file, given).find(({ type }) => type !== 'CallExpression' && type !== 'MemberExpression') ?? given;

const registrationsIn = (files: readonly ParsedFile[]): ReadonlyMap<string, Registration[]> => {
  const homes = files.filter((file) => file.imports.some(({ specifier }) => specifier === 'awilix'));
  const all = homes.flatMap((file) =>
    file.all('CallExpression').flatMap((call) => {
      const how = pathOf(call.callee).at(-1);
      const [node] = call.arguments as readonly Node[];
      const name = nameAt(file, call);
      if (!node || name === undefined || (how !== 'asClass' && how !== 'asFunction' && how !== 'asValue')) return [];
      return [{ name, file, how, node } as const];
    }),
  );
  return groupBy(all, ({ name }) => name);
};

/** The key under which a registration stands, also with its lifetime: `orders: asClass(Orders).singleton()`. */
function nameAt(file: ParsedFile, call: Node): string | undefined {
  const holder = ancestorsOf(file, call).find(
    (one) =>
      one.type !== 'MemberExpression' && !(one.type === 'CallExpression' && pathOf(one).length > 1 && !isPut(one)),
  );
  if (holder?.type === 'Property') return nameOf(holder.key as Node);
  return holder?.type === 'CallExpression' ? nameOf(holder.arguments[0] as Node | undefined) : undefined;
}

/** `container.register('orders', asClass(Orders))` */
const isPut = (call: Extract<Node, { type: 'CallExpression' }>): boolean => pathOf(call.callee).at(-1) === 'register';
