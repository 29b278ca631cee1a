import type { Node } from 'oxc-parser';
import {
  type AnyCall,
  type AnyClass,
  type AnyFunction,
  classAround,
  contains,
  decoratorsOf,
  isFunction,
  iteratedIn,
  lastOf,
  nameOf,
  unwrap,
} from '../source/ast.ts';
import { groupBy } from '../source/group-by.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import type { Given } from './arguments.ts';
import type { FunctionAt, Origin } from './origin.ts';
import { Origins } from './origins.ts';
import type { Resolve } from './resolver.ts';
import type { Binding, Scopes } from './scope.ts';
import { Sources } from './sources.ts';
import { valueNode } from './texts.ts';
import { putInto } from './value-nodes.ts';

/** A call, and the file whose text it is in. */
export interface CallSite {
  readonly file: ParsedFile;
  readonly call: AnyCall;
}

/** All sources together: what names stand for across files, and who calls whom. */
export class Program {
  readonly #sources: Sources;
  readonly #origins: Origins;
  #callers: Map<Node, CallSite[]> | undefined;
  #handlers: ReadonlyMap<Node, readonly FunctionAt[]> | undefined;

  constructor(
    readonly files: readonly ParsedFile[],
    readonly resolve: Resolve,
  ) {
    this.#sources = new Sources(files, resolve);
    this.#origins = new Origins(this.#sources);
  }

  fileAt(path: string): ParsedFile | undefined {
    return this.#sources.fileAt(path);
  }

  scopesOf(file: ParsedFile): Scopes {
    return this.#sources.scopesOf(file);
  }

  /** Where the value of an expression comes from. */
  originOf(file: ParsedFile, expression: Node): Origin {
    return this.#origins.originOf(file, expression);
  }

  /** Whether a container makes a class once for all who ask. */
  isSingleton(node: AnyClass): boolean {
    return this.#origins.containers.isSingleton(node);
  }

  /** What a parameter is given by those who call its function. */
  givenTo(file: ParsedFile, parameter: Extract<Binding, { kind: 'value' }>): readonly Given[] {
    return this.#origins.given.of(file, parameter);
  }

  /** The functions of this repository that a call may run. */
  calleesOf({ file, call }: CallSite): readonly FunctionAt[] {
    if (call.callee.type === 'Super') return this.#constructorAbove(file, call);
    const origin = this.originOf(file, call.callee as Node);
    if (origin.kind === 'functions')
      return [...origin.all, ...this.#wrapped(file, call), ...this.#givenToMaker(file, call)];
    if (origin.kind === 'class' && call.type === 'NewExpression') return constructorsOf(origin.file, origin.node);
    if (origin.kind === 'external' && origin.module === '@nestjs/cqrs') return this.#handlersOf(file, call);
    if (lastOf(call.callee as Node) === 'register' && call.arguments[0]) return this.#pluggedIn(file, call);
    return origin.kind === 'external' ? this.#handedTo(file, call) : this.#iterated(file, call);
  }

  /** `app.register(orders, options)`: a plugin of this repository, also where a library has wrapped it. */
  #pluggedIn(file: ParsedFile, call: AnyCall): readonly FunctionAt[] {
    const given = call.arguments[0] as Node;
    const origin = this.originOf(file, given);
    if (origin.kind === 'functions') return origin.all;
    const made = valueNode(this, file, given);
    const wrapped = made?.node.type === 'CallExpression' ? (made.node.arguments[0] as Node | undefined) : undefined;
    return made && wrapped && isFunction(wrapped) ? [{ file: made.file, node: wrapped }] : [];
  }

  /** What `super(…)` runs. */
  #constructorAbove(file: ParsedFile, call: AnyCall): readonly FunctionAt[] {
    const above = classAround(file, call)?.superClass;
    const origin = above ? this.originOf(file, above) : undefined;
    return origin?.kind === 'class' ? constructorsOf(origin.file, origin.node) : [];
  }

  /** `const ask = guarded(fetchStock)`: who calls `ask` runs what was handed to the wrapper as well. */
  #wrapped(file: ParsedFile, { callee }: AnyCall): readonly FunctionAt[] {
    const made =
      callee.type === 'Identifier' || callee.type === 'MemberExpression' ? valueNode(this, file, callee) : undefined;
    if (made?.node.type !== 'CallExpression') return [];
    return (made.node.arguments as readonly Node[]).flatMap((given) => {
      const origin = isFunction(given) || given.type === 'Identifier' ? this.originOf(made.file, given) : undefined;
      return origin?.kind === 'functions' ? origin.all : [];
    });
  }

  /** `this.breaker.call(…)` of a class of this repository: it runs what it was made with. */
  #givenToMaker(file: ParsedFile, { callee }: AnyCall): readonly FunctionAt[] {
    if (callee.type !== 'MemberExpression' || !RUNS_GIVEN.test(nameOf(callee.property as Node) ?? '')) return [];
    const made = valueNode(this, file, callee.object);
    if (made?.node.type !== 'NewExpression' || this.originOf(made.file, made.node.callee).kind !== 'class') return [];
    return (made.node.arguments as readonly Node[]).flatMap((given) => {
      const origin = isFunction(given) || given.type === 'Identifier' ? this.originOf(made.file, given) : undefined;
      return origin?.kind === 'functions' ? origin.all : [];
    });
  }

  /** `commandBus.execute(new PlaceOrder(…))`: the handler that is decorated with the class of what is asked. */
  #handlersOf(file: ParsedFile, call: AnyCall): readonly FunctionAt[] {
    const [asked] = call.arguments as readonly Node[];
    const made = asked?.type === 'NewExpression' ? this.originOf(file, asked.callee) : undefined;
    if (made?.kind !== 'class') return [];
    this.#handlers ??= handlersIn(this);
    return this.#handlers.get(made.node) ?? [];
  }

  /** `ids.map(ask)`: what is named there is called for each. */
  #iterated(file: ParsedFile, call: AnyCall): readonly FunctionAt[] {
    const given = iteratedIn(call);
    const isBound = given?.type === 'CallExpression' && lastOf(given.callee) === 'bind';
    if (!given || (!isBound && given.type !== 'Identifier' && given.type !== 'MemberExpression')) return [];
    const origin = this.originOf(file, given);
    return origin.kind === 'functions' ? origin.all : [];
  }

  /** What a value of a library was made with, and now runs: `new Breaker(ask)`, `breaker.fire()`. */
  #handedTo(file: ParsedFile, call: AnyCall): readonly FunctionAt[] {
    const { callee } = call;
    if (callee.type !== 'MemberExpression' || !RUNS.test(nameOf(callee.property as Node) ?? '')) return [];
    const made = valueNode(this, file, callee.object) ?? this.#putIntoTable(file, callee.object);
    if (made?.node.type !== 'NewExpression' && made?.node.type !== 'CallExpression') return [];
    return chained(made.node).flatMap((given) => {
      if (given.type === 'ObjectExpression' || given.type === 'Literal') return [];
      const origin = this.originOf(made.file, given);
      return origin.kind === 'functions' ? origin.all : [];
    });
  }

  /** `breakers[name] = new Breaker(ask)`: what is put into a table under any name. */
  #putIntoTable(file: ParsedFile, node: Node): { readonly file: ParsedFile; readonly node: Node } | undefined {
    if (node.type !== 'MemberExpression' || !node.computed) return undefined;
    const table = this.originOf(file, node.object);
    const [first] = table.kind === 'object' ? putInto(table, '') : [];
    return table.kind === 'object' && first ? { file: table.file, node: first } : undefined;
  }

  /** Everywhere a function of this repository is called. */
  callersOf(node: AnyFunction): readonly CallSite[] {
    this.#callers ??= this.#findCallers();
    return this.#callers.get(node) ?? [];
  }

  #findCallers(): Map<Node, CallSite[]> {
    const found = new Map<Node, CallSite[]>();
    const sites = this.files.flatMap((file) => callsIn(file).map((call) => ({ file, call })));
    for (const site of sites) {
      for (const { node } of this.calleesOf(site)) {
        const same = found.get(node);
        if (same) same.push(site);
        else found.set(node, [site]);
      }
    }
    return found;
  }

  /** Every call that running a function may lead to, its own first; `depth` limits the chain of functions. */
  callsReachedFrom(start: FunctionAt, depth = 6): CallSite[] {
    const seen = new Set<Node>([start.node]);
    const found: CallSite[] = [];
    let level: readonly FunctionAt[] = [start];
    for (let step = 0; step < depth && level.length > 0; step++) {
      const calls = level.flatMap(({ file, node }) =>
        callsIn(file)
          .filter((call) => contains(node, call))
          .map((call) => ({ file, call })),
      );
      found.push(...calls);
      const next = calls.flatMap((site) => this.calleesOf(site)).filter(({ node }) => !seen.has(node));
      for (const { node } of next) seen.add(node);
      level = [...new Map(next.map((one) => [one.node, one])).values()];
    }
    return found;
  }
}

/** What a value was made with, and told in the same breath: `new Breaker(ask).fallback(() => null)`. */
function chained(made: AnyCall): readonly Node[] {
  const { callee } = made;
  const inner = callee.type === 'MemberExpression' ? unwrap(callee.object) : undefined;
  const before = inner?.type === 'NewExpression' || inner?.type === 'CallExpression' ? chained(inner) : [];
  return [...before, ...(made.arguments as readonly Node[])];
}

const HANDLERS = /^(Command|Query|Events?)Handler$/;

/** What Nest's buses run, by the class of what they are given. */
function handlersIn(program: Program): ReadonlyMap<Node, readonly FunctionAt[]> {
  const found = program.files.flatMap((file) =>
    file.all('ClassDeclaration').flatMap((node) =>
      decoratorsOf(node)
        .filter(({ name }) => HANDLERS.test(name))
        .flatMap(({ args }) => args.map((given) => program.originOf(file, given)))
        .flatMap((origin) =>
          origin.kind === 'class' ? methodsOf(file, node).map((at) => ({ of: origin.node, at })) : [],
        ),
    ),
  );
  const byClass = groupBy(found, ({ of }) => of as Node);
  return new Map([...byClass].map(([of, all]) => [of, all.map(({ at }) => at)]));
}

const methodsOf = (file: ParsedFile, node: AnyClass): FunctionAt[] =>
  (node.body.body as readonly Node[]).flatMap((member) =>
    member.type === 'MethodDefinition' && /^(execute|handle)$/.test(nameOf(member.key as Node) ?? '')
      ? [{ file, node: member.value }]
      : [],
  );

const RUNS = /^(fire|execute|exec|run|invoke)$/;
const RUNS_GIVEN = /^(fire|execute|exec|run|invoke|call)$/;

const callCache = new WeakMap<ParsedFile, readonly AnyCall[]>();

/** All calls of a file, also those of `new`. */
export function callsIn(file: ParsedFile): readonly AnyCall[] {
  let calls = callCache.get(file);
  if (!calls) {
    calls = [...file.all('CallExpression'), ...file.all('NewExpression')];
    callCache.set(file, calls);
  }
  return calls;
}

function constructorsOf(file: ParsedFile, node: AnyClass): FunctionAt[] {
  return (node.body.body as readonly Node[]).flatMap((member) =>
    member.type === 'MethodDefinition' && member.kind === 'constructor' ? [{ file, node: member.value }] : [],
  );
}
