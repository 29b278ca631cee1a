import type { Node } from 'oxc-parser';
import { classAround, isFunction, nameOf, property, unwrap } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { Arguments } from './arguments.ts';
import { ClassMembers } from './class-members.ts';
import { Containers } from './containers.ts';
import { Decorations } from './decorations.ts';
import { type CallIn, type FunctionAt, functions, type Origin, sameOrigin, UNKNOWN } from './origin.ts';
import { annotationOf, type Binding } from './scope.ts';
import type { Sources } from './sources.ts';
import { TypeOrigins } from './type-origins.ts';
import { hasOneExport, isFoundLater, membersOf, pathFrom, putInto, returnedBy, valuesOf } from './value-nodes.ts';

/** Where values come from: followed through names, imports, members, constructors and types. */
export class Origins {
  readonly #known = new Map<Node, Origin>();
  readonly #busy = new Set<Node>();
  #circles = 0;
  readonly #asked = new Map<Node, Set<string>>();
  readonly #sources: Sources;
  readonly #types: TypeOrigins;
  readonly #members: ClassMembers;
  readonly #decorations: Decorations;
  readonly containers: Containers;
  readonly given: Arguments;

  constructor(sources: Sources) {
    this.#sources = sources;
    this.#types = new TypeOrigins(sources, this);
    this.#members = new ClassMembers(this, this.#types);
    this.#decorations = new Decorations(sources, this);
    this.containers = new Containers(sources, this);
    this.given = new Arguments(sources, this);
  }

  /** Where the value of an expression comes from. */
  originOf(file: ParsedFile, expression: Node): Origin {
    const node = unwrap(expression);
    const known = this.#known.get(node);
    if (known) return known;
    if (this.#busy.has(node)) {
      this.#circles += 1;
      return UNKNOWN;
    }
    this.#busy.add(node);
    const [before, origin] = [this.#circles, this.#find(file, node)];
    this.#busy.delete(node);
    // What was asked for in a circle may be known when it is asked for by itself.
    if (origin.kind !== 'unknown' || this.#circles === before || this.#busy.size === 0) this.#known.set(node, origin);
    return origin;
  }

  #find(file: ParsedFile, node: Node): Origin {
    if (isFunction(node)) return functions(file, node);
    switch (node.type) {
      case 'Identifier':
        return this.ofName(file, node.name, node);
      case 'ThisExpression': {
        const around = classAround(file, node);
        return around ? { kind: 'instance', file, node: around } : UNKNOWN;
      }
      case 'MemberExpression':
        return this.#ofMember(file, node);
      case 'NewExpression': {
        const origin = this.originOf(file, node.callee);
        return origin.kind === 'class' ? { ...origin, kind: 'instance' } : origin;
      }
      case 'CallExpression':
        return this.#ofAnswer(file, node);
      case 'ImportExpression':
        return this.exportOf(file, nameOf(node.source as Node) ?? '', '*');
      case 'ClassExpression':
        return { kind: 'class', file, node };
      case 'ObjectExpression':
        return { kind: 'object', file, node };
      case 'LogicalExpression':
        return this.#firstKnown(file, [node.left, node.right]);
      case 'ConditionalExpression':
        return this.#firstKnown(file, [node.consequent, node.alternate]);
      case 'AssignmentExpression':
        return this.originOf(file, node.right);
      default:
        return UNKNOWN;
    }
  }

  #ofMember(file: ParsedFile, node: Extract<Node, { type: 'MemberExpression' }>): Origin {
    const origin = this.originOf(file, node.object);
    if (node.computed && node.property.type !== 'Literal') return this.#anyOf(origin);
    const name = nameOf(node.property as Node);
    if (name === undefined) return UNKNOWN;
    const hung = this.#decorations.memberOf(file, { node: node.object, origin }, name);
    return hung.kind === 'unknown' ? this.memberOf(origin, name) : hung;
  }

  /** `HANDLERS[type]`: any function of a table of them; `breakers[name]`: what a loop has put into it. */
  #anyOf(table: Origin): Origin {
    if (table.kind !== 'object') return UNKNOWN;
    const all = table.node.properties.flatMap((entry) => {
      const origin = entry.type === 'Property' ? this.originOf(table.file, entry.value as Node) : UNKNOWN;
      return origin.kind === 'functions' ? origin.all : [];
    });
    return all.length > 0 ? { kind: 'functions', all } : this.#firstKnown(table.file, putInto(table, ''));
  }

  #firstKnown(file: ParsedFile, nodes: readonly Node[]): Origin {
    return nodes.map((node) => this.originOf(file, node)).find(({ kind }) => kind !== 'unknown') ?? UNKNOWN;
  }

  ofName(file: ParsedFile, name: string, at: Node): Origin {
    const binding = this.#sources.scopesOf(file).lookUp(name, at);
    return binding ? this.#ofBinding(file, binding) : { kind: 'global', path: [name] };
  }

  #ofBinding(file: ParsedFile, binding: Binding): Origin {
    switch (binding.kind) {
      case 'import':
        return this.exportOf(file, binding.specifier, binding.name);
      case 'function':
        return functions(file, binding.node);
      case 'class':
        return { kind: 'class', file, node: binding.node };
      case 'value': {
        // `const authenticate: RequestHandler = (req, res, next) => …` is what it does, and not its type.
        const made = binding.init && binding.path.length === 0 ? unwrap(binding.init) : undefined;
        if (made && isFunction(made)) return functions(file, made);
        const typed = binding.type ? this.#types.originOfType(file, binding.type) : UNKNOWN;
        const start = typed.kind === 'unknown' ? this.#firstKnown(file, valuesOf(file, binding)) : typed;
        const found = binding.path.reduce((origin, name) => this.memberOf(origin, name), start);
        return found.kind === 'unknown' && binding.declaration === 'parameter' ? this.#ofGiven(file, binding) : found;
      }
      default:
        return UNKNOWN;
    }
  }

  /** A parameter is what all who call its function give it, as far as they agree. */
  #ofGiven(file: ParsedFile, parameter: Extract<Binding, { kind: 'value' }>): Origin {
    const all = this.given
      .of(file, parameter)
      .map(({ file: home, node, path }) =>
        path.reduce((origin, name) => this.memberOf(origin, name), this.originOf(home, node)),
      )
      .filter(({ kind }) => kind !== 'unknown');
    const [only, ...others] = all;
    if (only) return others.every((one) => sameOrigin(one, only)) ? only : UNKNOWN;
    const registered = this.containers.handedIn(file, parameter);
    return registered ? this.containers.madeBy(registered) : UNKNOWN;
  }

  /** What a module exports under a name; `*` is the module itself. */
  exportOf(from: ParsedFile, specifier: string, name: string): Origin {
    if (specifier === '') return UNKNOWN;
    const target = this.#sources.resolve(from.path, specifier);
    const path = name === '*' || name === 'default' ? [] : [name];
    if (target.kind === 'library') return { kind: 'external', module: target.module, path };
    if (target.kind === 'node') return { kind: 'external', module: `node:${target.module}`, path };
    const file = target.kind === 'own' ? this.#sources.fileAt(target.path) : undefined;
    return file ? this.#exported(file, name, 0) : UNKNOWN;
  }

  #exported(file: ParsedFile, name: string, depth: number): Origin {
    if (depth > 8) return UNKNOWN;
    const scopes = this.#sources.scopesOf(file);
    const found = scopes.exports.get(name);
    if (found && 'local' in found) {
      const binding = scopes.top(found.local);
      if (binding) return this.#ofBinding(file, binding);
    } else if (found) return this.exportOf(file, found.specifier, found.name);
    if ((name === 'default' || name === '*') && scopes.defaultExport && (name === 'default' || hasOneExport(scopes))) {
      const { defaultExport } = scopes;
      if (defaultExport.type === 'ClassDeclaration') return { kind: 'class', file, node: defaultExport };
      return this.originOf(file, defaultExport);
    }
    if (name === '*' || name === 'default') return { kind: 'namespace', file };
    for (const specifier of scopes.handedOn) {
      const target = this.#sources.resolve(file.path, specifier);
      const next = target.kind === 'own' ? this.#sources.fileAt(target.path) : undefined;
      const origin = next ? this.#exported(next, name, depth + 1) : UNKNOWN;
      if (origin.kind !== 'unknown') return origin;
    }
    // `module.exports = { db, ...models }`: a name that is only known by what is spread there, or put in later.
    const whole = scopes.defaultExport ? this.originOf(file, scopes.defaultExport) : UNKNOWN;
    return whole.kind === 'object' ? this.memberOf(whole, name) : UNKNOWN;
  }

  /** A member of a value; who asks for it again while it is being found asks in a circle. */
  memberOf(origin: Origin, name: string): Origin {
    if (!('node' in origin)) return this.#member(origin, name);
    const { node } = origin;
    const asked = this.#asked.get(node) ?? new Set();
    if (asked.has(name)) return UNKNOWN;
    this.#asked.set(node, asked.add(name));
    const found = this.#member(origin, name);
    asked.delete(name);
    return found;
  }

  #member(origin: Origin, name: string): Origin {
    switch (origin.kind) {
      case 'external': {
        const made = this.containers.inCradle(origin, name);
        return made.kind === 'unknown' ? { ...origin, path: [...origin.path, name] } : made;
      }
      case 'global':
        return { ...origin, path: [...origin.path, name] };
      case 'instance':
      case 'class':
        return this.#members.of(origin.file, origin.node, name);
      case 'interface':
        return this.#memberOfInterface(origin.file, origin.node, name);
      case 'object': {
        const value = property(origin.node, name);
        if (value) return this.originOf(origin.file, value);
        const spread = this.#spread(origin.file, origin.node, name);
        return spread.kind === 'unknown' ? this.#firstKnown(origin.file, putInto(origin, name)) : spread;
      }
      case 'namespace':
        return this.#exported(origin.file, name, 0);
      case 'functions':
        return ['bind', 'call', 'apply'].includes(name) ? origin : UNKNOWN;
      default:
        return UNKNOWN;
    }
  }

  #spread(file: ParsedFile, node: Extract<Node, { type: 'ObjectExpression' }>, name: string): Origin {
    for (const entry of node.properties) {
      if (entry.type !== 'SpreadElement') continue;
      const origin = this.memberOf(this.originOf(file, entry.argument), name);
      if (origin.kind !== 'unknown') return origin;
    }
    return UNKNOWN;
  }

  /** Functions that answer with an object of this interface: `makeClient(): Client { return { ask } }`. */
  #ofMadeObjects(node: Node, name: string): Origin[] {
    return this.#types.makersOf(node).flatMap(({ file, node: maker }) =>
      returnedBy(file, maker).flatMap((answer) => {
        const value = property(unwrap(answer), name);
        return value ? [this.originOf(file, value)] : [];
      }),
    );
  }

  #memberOfInterface(file: ParsedFile, node: Node, name: string): Origin {
    const all = this.#types.implementersOf(node).map((found) => this.#members.of(found.file, found.node, name));
    const methods = all.flatMap((origin) => (origin.kind === 'functions' ? origin.all : []));
    if (methods.length > 0) return { kind: 'functions', all: methods };
    const objects = this.#types.objectsOf(node).map((one) => this.memberOf({ kind: 'object', ...one }, name));
    const known = [...all, ...this.#ofMadeObjects(node, name), ...objects].find(({ kind }) => kind !== 'unknown');
    if (known) return known;
    for (const member of membersOf(node)) {
      const type = annotationOf(member);
      if (member.type === 'TSPropertySignature' && nameOf(member.key as Node) === name && type) {
        return this.#types.originOfType(file, type);
      }
    }
    return UNKNOWN;
  }

  /** What a call answers: what a library makes stays of that library. */
  #ofAnswer(file: ParsedFile, call: Extract<Node, { type: 'CallExpression' }>): Origin {
    if (nameOf(call.callee as Node) === 'require')
      return this.exportOf(file, nameOf(call.arguments[0] as Node) ?? '', '*');
    const origin = this.originOf(file, call.callee);
    // What a file that is only found when it runs makes of a library's value is of that library.
    if (isFoundLater(call.callee)) return this.#firstKnown(file, call.arguments as readonly Node[]);
    if (call.callee.type === 'MemberExpression' && nameOf(call.callee.property as Node) === 'bind') return origin;
    const asked = this.containers.asked({ file, call }, origin);
    if (asked.kind !== 'unknown') return asked;
    if (origin.kind !== 'functions') return origin.kind === 'class' ? { ...origin, kind: 'instance' } : origin;
    const made = this.answerOf(origin);
    return made.kind === 'unknown' ? this.#madeOfGiven({ file, call }, origin.all[0] as FunctionAt) : made;
  }

  originOfType(file: ParsedFile, type: Node | undefined): Origin {
    return type ? this.#types.originOfType(file, type) : UNKNOWN;
  }

  /** What a function of this repository answers with, by its type or by what it returns. */
  answerOf({ all }: Extract<Origin, { kind: 'functions' }>): Origin {
    const [{ file, node }] = all as [FunctionAt];
    const type = (node.returnType as { typeAnnotation?: Node } | null | undefined)?.typeAnnotation;
    const typed = this.originOfType(file, type);
    return typed.kind === 'unknown' ? this.#firstKnown(file, returnedBy(file, node)) : typed;
  }

  /** `define(sequelize)`, where that answers with what the library makes that it is given. */
  #madeOfGiven({ file, call }: CallIn, maker: FunctionAt): Origin {
    for (const answer of returnedBy(maker.file, maker.node)) {
      const [root, ...path] = pathFrom(this.#sources, maker.file, answer);
      const index = (maker.node.params as readonly Node[]).findIndex((one) => nameOf(one) === root);
      const given = index < 0 ? undefined : (call.arguments[index] as Node | undefined);
      const origin = given ? this.originOf(file, given) : UNKNOWN;
      if (origin.kind === 'external') return path.reduce((from: Origin, name) => this.memberOf(from, name), origin);
    }
    return UNKNOWN;
  }
}
