import type { Node } from 'oxc-parser';
import { type CallSite, callsIn } from '../model/program.ts';
import { annotationOf } from '../model/scope.ts';
import { perSystem, type System } from '../model/system.ts';
import {
  type AnyClass,
  type AnyFunction,
  classAround,
  contains,
  decoratorsOf,
  functionsAround,
  nameOf,
  pathOf,
  unwrap,
} from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { closureState, globalState } from './closure-state.ts';
import { decoratedState } from './decorated-state.ts';
import { isDatabaseCall } from './effects.ts';
import { handmadeBreakersIn } from './handmade-breakers.ts';
import { asksWhether, isLock, mayLock, type Use } from './kept-for-requests.ts';
import {
  CHANGES,
  functionName,
  GROWS,
  grows,
  isCollection,
  isSameBinding,
  isTargetOf,
  isTop,
  OF_THE_PROCESS,
  type ProcessState,
} from './kept-state.ts';
import { keptBySchemas } from './moleculer.ts';
import { runsOnce } from './start-up.ts';

export type { ProcessState } from './kept-state.ts';

/** What a file keeps between requests: variables of the module, and fields of what lives as long as the process. */
export function processState(system: System, file: ParsedFile): ProcessState[] {
  return [
    ...moduleState(system, file),
    ...fieldState(system, file),
    ...closureState(system, file),
    ...globalState(system, file),
    ...decoratedState(system, file),
    ...keptBySchemas(system, file).map((one) => ({ ...one, holder: 'a service of Moleculer' })),
  ];
}

function moduleState(system: System, file: ParsedFile): ProcessState[] {
  const { program } = system;
  const tops = file.all('VariableDeclaration').filter((node) => isTop(file, node));
  return tops.flatMap((declaration) =>
    declaration.declarations.flatMap(({ id, init }): ProcessState[] => {
      const name = id.type === 'Identifier' ? id.name : undefined;
      const isOfProcess = name !== undefined && OF_THE_PROCESS.test(name);
      if (name === undefined || (isOfProcess && !mayLock(init as Node | null, name))) return [];
      if (isPlain(init as Node | null) && isOfBreaker(program, file, name)) return [];
      const uses = file
        .all('Identifier')
        .filter((node) => node.name === name && node !== id && isSameBinding(program, file, { node, id: id as Node }));
      const places = [...uses.map((node) => ({ file, node })), ...usesElsewhere(system, file, name)];
      const inFunctions = places.filter((one) => functionsAround(one.file, one.node).length > 0);
      if (isOfProcess && !inFunctions.some((one) => asksWhether(one, isLock(init as Node | null, name)))) return [];
      const isChanged =
        (isCollection(init as Node | null) &&
          inFunctions.some((one) => grows(one.file, one.node) && !isMemo(one, name))) ||
        (declaration.kind === 'let' &&
          inFunctions.some((one) => isKept(program, one, init as Node | null) || isReadOnce(system, one)));
      return isChanged ? [{ node: id as Node, name, holder: '' }] : [];
    }),
  );
}

const COUNTS_FAILURES =
  /^(consecutive_?)?(failures?|failed|errors?)(_?count)?$|^(circuit_?)?open(ed)?_?(until|at|since)$|half_?open/i;

/** How often a dependency has failed, and until when it is left alone: each process learns that for itself. */
const isOfBreaker = (program: System['program'], file: ParsedFile, name: string): boolean =>
  COUNTS_FAILURES.test(name) || handmadeBreakersIn(program, file).some(({ state }) => state.has(name));

const MAKES_THE_SAME = /\bnew (Intl\.\w+|RegExp|URLPattern)\(/;
/** How a dependency fares, each process learns for itself. */
const MAKES_BREAKERS = /\bnew \w*(Circuit|Breaker)\w*\(|\b(circuitBreaker|createCircuitBreaker)\(/;

/** What is made of its key alone is the same in every process, and kept because it is dear to make. */
function isMemo({ file, node }: Use, name: string): boolean {
  const [around] = functionsAround(file, node);
  const text = around ? file.textOf(around) : '';
  const isMade = MAKES_BREAKERS.test(text) || (!around?.async && MAKES_THE_SAME.test(text));
  return isMade && new RegExp(String.raw`\b${name}\.(get|has)\(`).test(text);
}

/** Where other files use what this one exports. */
function usesElsewhere(system: System, home: ParsedFile, name: string): Use[] {
  if (!system.program.scopesOf(home).exports.has(name)) return [];
  const importers = system.program.files.filter((file) =>
    system.importsOf(file).some(({ target }) => target.kind === 'own' && target.path === home.path),
  );
  return importers.flatMap((file) =>
    file
      .all('Identifier')
      .filter((node) => {
        const binding = node.name === name && system.program.scopesOf(file).lookUp(name, node);
        return binding && binding.kind === 'import';
      })
      .map((node) => ({ file, node })),
  );
}

/** What sets something up once is no request. */
const SETS_UP = /^(set|init|configure|use|register|start|setup|load|connect|bind|inject|provide|with|create|open)/i;

/** Whether a request leaves something in a variable: a number, a text, what it was given, or more of what was there. */
function isKept(program: System['program'], { file, node }: Use, init: Node | null): boolean {
  const parent = file.parentOf(node);
  if (parent?.type === 'UpdateExpression') return isPlain(init);
  if (parent?.type !== 'AssignmentExpression' || parent.left !== node) return false;
  if (isPlain(init)) return true;
  const isNothing = !init || (init.type === 'Literal' && init.value === null) || pathOf(init)[0] === 'undefined';
  if (!isNothing && !isCollection(init)) return false;
  const [around] = functionsAround(file, node);
  if (!around || SETS_UP.test(functionName(file, around)) || isFirstThen(file, around)) return false;
  const name = (node as { name?: string }).name!;
  const right = unwrap(parent.right);
  if (!isNothing) return new RegExp(String.raw`\b${name}\b`).test(file.textOf(right));
  const binding = program.scopesOf(file).lookUp(pathOf(right)[0]!, right);
  const isGiven = right.type === 'Identifier' || right.type === 'MemberExpression';
  return isGiven && binding?.kind === 'value' && binding.declaration === 'parameter';
}

/** `rows ??= await db.query(…)`: what was read first is answered until the process ends. */
function isReadOnce(system: System, { file, node }: Use): boolean {
  const parent = file.parentOf(node);
  if (parent?.type !== 'AssignmentExpression' || parent.left !== node || !/^(\?\?|\|\|)=$/.test(parent.operator))
    return false;
  return callsIn(file).some(
    (call) => contains(parent.right, call) && ROWS.test(file.textOf(call)) && isDatabaseCall(system, { file, call }),
  );
}

/** What is asked for rows, and makes no client. */
const ROWS = /\bselect\b|\.(find\w*|query|all|many|any|getMany)\(/i;

/** What follows a promise of the module itself happens once: `connect().then((given) => { … })`. */
function isFirstThen(file: ParsedFile, around: AnyFunction): boolean {
  const parent = file.parentOf(around);
  const isThen = parent?.type === 'CallExpression' && pathOf(parent.callee).at(-1) === 'then';
  return isThen && functionsAround(file, parent).length === 0;
}

/** Numbers and texts; a client that is made when it is first needed is none. */
function isPlain(init: Node | null): boolean {
  const node = init && unwrap(init);
  return node?.type === 'Literal' && (typeof node.value === 'number' || typeof node.value === 'string');
}

const LIVES_LONG = new RegExp(
  '(Repository|Repo|Store|Service|Controller|Cache|Sessions?|Registry|Gateway|UseCase|Handler|Manager|Provider|Dao|' +
    String.raw`Limiter|Limits?|Throttle|Attempts|Tracker|Counter|Carts?|Baskets?|Locks?|Middleware|Interceptor|Guard|` +
    String.raw`Inbox|Deduplicator|Blacklist|Blocklist|Memory)(Impl)?$|^(InMemory|Memory|Local)`,
);
const INJECTED = /^(Injectable|Controller|Resolver|WebSocketGateway|Processor)$/;

function fieldState(system: System, file: ParsedFile): ProcessState[] {
  const classes = [...file.all('ClassDeclaration'), ...file.all('ClassExpression')];
  return classes.flatMap((holder) =>
    [...(holder.body.body as readonly Node[]), ...setByConstructor(holder)].flatMap((member): ProcessState[] => {
      if (member.type === 'AssignmentExpression') return setState(system, file, { holder, member });
      if (member.type !== 'PropertyDefinition' || member.static === undefined) return [];
      if (
        !livesLong(holder) &&
        !(member.static && (isKeyed(member.value as Node | null) || isPlain(member.value as Node | null))) &&
        !(isCollection(member.value as Node | null) && isMadeOnce(system, file, holder))
      )
        return [];
      const name = nameOf(member.key as Node) ?? '';
      if (OF_THE_PROCESS.test(name) || holdsCallbacks(file, member)) return [];
      const isKept = isCollection(member.value as Node | null)
        ? changedIn(system, file, { holder, name, methods: GROWS })
        : isPlain(member.value as Node | null) && changedIn(system, file, { holder, name, methods: new Set() });
      return isKept ? [{ node: member, name: name.replace('#', ''), holder: holder.id?.name ?? '' }] : [];
    }),
  );
}

type Assignment = Extract<Node, { type: 'AssignmentExpression' }>;

/** `this.known = new Map()`, as plain JavaScript declares a field. */
const setByConstructor = (holder: AnyClass): Assignment[] =>
  (holder.body.body as readonly Node[]).flatMap((member) => {
    const body = member.type === 'MethodDefinition' && member.kind === 'constructor' ? member.value.body : undefined;
    return ((body?.body ?? []) as readonly Node[]).flatMap((one) => {
      const inner = one.type === 'ExpressionStatement' ? (one.expression as Node) : undefined;
      return inner?.type === 'AssignmentExpression' && isCollection(inner.right) ? [inner] : [];
    });
  });

function setState(system: System, file: ParsedFile, given: { holder: AnyClass; member: Assignment }): ProcessState[] {
  const { holder, member } = given;
  const [root, name = '', ...rest] = pathOf(member.left as Node);
  if (root !== 'this' || rest.length > 0 || OF_THE_PROCESS.test(name)) return [];
  if (!livesLong(holder) && !isMadeOnce(system, file, holder)) return [];
  const isKept = changedIn(system, file, { holder, name, methods: GROWS });
  return isKept ? [{ node: member, name, holder: holder.id?.name ?? '' }] : [];
}

/** Those who wait in this process: `(() => void)[]`. */
const holdsCallbacks = (file: ParsedFile, member: Node): boolean => {
  const type = annotationOf(member);
  return (
    type !== undefined && /=>|\bPromise\b|\bTimeout\b|AbortController|Deferred|\bFunction\b/.test(file.textOf(type))
  );
};

const livesLong = (node: AnyClass): boolean =>
  LIVES_LONG.test(node.id?.name ?? '') || decoratorsOf(node).some(({ name }) => INJECTED.test(name));

/** Of the business, and made anew for each thing of it. */
const OF_THE_BUSINESS = /(^|\/)(domain|entities|aggregates?|models?|dtos?|sagas?)\//;

/** A class that is made where the process starts, and nowhere for a request. */
function isMadeOnce(system: System, file: ParsedFile, node: AnyClass): boolean {
  if (OF_THE_BUSINESS.test(file.path) || node.superClass) return false;
  const sites = makersOf(system).get(node) ?? [];
  return system.program.isSingleton(node) || (sites.length > 0 && sites.every((site) => runsOnce(system, site)));
}

const makersOf = perSystem(({ program }: System): ReadonlyMap<Node, readonly CallSite[]> => {
  const found = new Map<Node, CallSite[]>();
  for (const file of program.files) {
    for (const call of file.all('NewExpression')) {
      const origin = program.originOf(file, call.callee as Node);
      if (origin.kind === 'class') found.set(origin.node, [...(found.get(origin.node) ?? []), { file, call }]);
    }
  }
  return found;
});

const isKeyed = (init: Node | null): boolean => isCollection(init) && init?.type !== 'ArrayExpression';

interface Field {
  readonly holder: AnyClass;
  readonly name: string;
  readonly methods: ReadonlySet<string>;
}

/** Whether a method changes the field when requests come, and not only while the process starts. */
function changedIn(system: System, file: ParsedFile, { holder, name, methods }: Field): boolean {
  return file.all('MemberExpression').some((node) => {
    if (nameOf(node.property as Node) !== name) return false;
    const isOwn = node.object.type === 'ThisExpression' && classAround(file, node) === holder;
    const isStatic = node.object.type === 'Identifier' && node.object.name === holder.id?.name;
    if ((!isOwn && !isStatic) || isSetUp(system, file, node)) return false;
    const parent = file.parentOf(node);
    if (parent?.type === 'MemberExpression' && parent.object === node) {
      const around = file.parentOf(parent);
      if (around?.type === 'CallExpression' && around.callee === parent) {
        return methods.has(nameOf(parent.property as Node) ?? '') && CHANGES.has(nameOf(parent.property as Node) ?? '');
      }
      return isTargetOf(around, parent);
    }
    return isTargetOf(parent, node);
  });
}

function isSetUp(system: System, file: ParsedFile, node: Node): boolean {
  const around = functionsAround(file, node).find((one) => file.parentOf(one)?.type === 'MethodDefinition');
  const callers = around ? system.program.callersOf(around) : [];
  if (callers.length > 0 && callers.every((site) => runsOnce(system, site))) return true;
  const method = around && file.parentOf(around);
  const name = method?.type === 'MethodDefinition' ? nameOf(method.key as Node) : undefined;
  return (
    name !== undefined &&
    new RegExp(
      String.raw`^(constructor|onModuleInit|onApplicationBootstrap|init|initialize|start|connect|register\w*|` +
        String.raw`use|add(Hook|Listener|Handler)?)$`,
    ).test(name)
  );
}
