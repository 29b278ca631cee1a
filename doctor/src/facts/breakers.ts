import type { Node } from 'oxc-parser';
import type { Part } from '../model/layout.ts';
import type { FunctionAt } from '../model/origin.ts';
import { type CallSite, callsIn } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { textOf, valueNode } from '../model/texts.ts';
import { type AnyCall, contains, functionsAround, isFunction, nameOf, pathOf, property } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { whySettingsNeverOpen } from './breaker-settings.ts';
import { BREAKERS } from './guards.ts';
import { outboundCalls } from './outbound.ts';
import { runsOnce } from './start-up.ts';

/** What makes a circuit breaker. */
export interface Breaker {
  readonly part: Part;
  readonly file: ParsedFile;
  readonly call: AnyCall;
  readonly library: string;
}

/** Breakers that libraries make for those who use them; each is told once, of the first of these. */
export const breakersOfLibraries = (system: System): Breaker[] =>
  system.program.files
    .filter(({ path }) => !['service', 'gateway'].includes(system.partOf(path)?.kind ?? ''))
    .flatMap((file) => {
      const user = userOf(system, file);
      return user ? breakersIn(system, user, file) : [];
    });

/** The part that a file belongs to, or the first one that uses it, and calls others. */
export function userOf(system: System, file: ParsedFile): Part | undefined {
  const own = system.partOf(file.path);
  if (own?.kind === 'service' || own?.kind === 'gateway') return own;
  const users = [...system.services, ...system.gateways].filter((one) => system.closureOf(one).includes(file));
  return users.find((part) => outboundCalls(system).some((one) => one.part === part)) ?? users[0];
}

/** Breakers that a part makes. */
export const breakersOf = (system: System, part: Part): Breaker[] =>
  system.filesOf(part).flatMap((file) => breakersIn(system, part, file));

const breakersIn = (system: System, part: Part, file: ParsedFile): Breaker[] =>
  callsIn(file).flatMap((call) => {
    const origin = system.program.originOf(file, call.callee as Node);
    if (origin.kind !== 'external' || !BREAKERS.has(origin.module)) return [];
    const isMade = call.type === 'NewExpression' || pathOf(call.callee as Node).at(-1) === 'circuitBreaker';
    return isMade && call.arguments.length > 0 ? [{ part, file, call, library: origin.module }] : [];
  });

/** Why a breaker never opens: it is off, cannot open, is made anew for each call, or is not there at all. */
export function whyNeverOpen({ program }: System, { file, call, library }: Breaker): string | undefined {
  return isMadeForEachCall(file, call) || isFiredAtOnce(file, call)
    ? 'is made anew for each call: it never sees a second failure'
    : isIdle(file, { call, library })
      ? 'is made, and nothing is called through it'
      : swallows(program, file, call.arguments[0] as Node)
        ? 'sees no failure: what it runs answers in place of each error'
        : library === 'opossum'
          ? offIn(program, file, call)
          : library === 'mollitia' &&
              pathOf(call.callee as Node).at(-1) === 'Circuit' &&
              !hasModule(program, file, call)
            ? 'has no breaker among its modules: it never opens'
            : undefined;
}

/** What a breaker runs catches every error and goes on. */
function swallows(program: System['program'], file: ParsedFile, given: Node): boolean {
  const origin = isFunction(given) ? undefined : program.originOf(file, given);
  const all = origin?.kind === 'functions' ? origin.all : isFunction(given) ? [{ file, node: given }] : [];
  return all.some(({ file: home, node }) => {
    const { body } = node;
    const last = body?.type === 'BlockStatement' && body.body.length === 1 ? (body.body[0] as Node) : (body as Node);
    if (last?.type === 'TryStatement') return last.handler !== null && !HANDS_ON.test(home.textOf(last.handler.body));
    const value = last?.type === 'ReturnStatement' ? last.argument : last;
    if (value?.type !== 'CallExpression' || pathOf(value.callee).at(-1) !== 'catch') return false;
    const [handler] = value.arguments as readonly Node[];
    return handler !== undefined && isFunction(handler) && !HANDS_ON.test(home.textOf(handler));
  });
}

const HANDS_ON = /\bthrow\b|reject/i;

function offIn(program: System['program'], file: ParsedFile, call: AnyCall): string | undefined {
  const given = call.arguments[1] as Node | undefined;
  const options = given && valueNode(program, file, given);
  const told = (name: string): string | undefined => {
    const value = options && property(options.node, name);
    return value && textOf(program, options.file, value);
  };
  if (told('enabled') === 'false') return 'is switched off';
  if (Number(told('errorThresholdPercentage')) >= 100) return 'opens when more than all calls fail: never';
  return options && whySettingsNeverOpen(program, options);
}

/** Modules that are made elsewhere are looked up; those that cannot be found may be breakers. */
function hasModule(program: System['program'], file: ParsedFile, call: AnyCall): boolean {
  const options = property(call.arguments[0] as Node, 'options') ?? (call.arguments[0] as Node);
  const modules = property(options, 'modules');
  if (modules?.type !== 'ArrayExpression') return true;
  return (modules.elements as readonly Node[]).some((one) => {
    const made = valueNode(program, file, one)?.node ?? one;
    return made.type !== 'NewExpression' || /breaker/i.test(pathOf(made.callee).at(-1)!);
  });
}

/** It is held by a variable of the function that also calls through it, and by nobody else. */
function isMadeForEachCall(file: ParsedFile, call: AnyCall): boolean {
  const [around] = functionsAround(file, call);
  const holder = file.parentOf(call);
  const id = holder?.type === 'VariableDeclarator' ? holder.id : isPlainAssignment(holder) ? holder.left : undefined;
  if (!around || id?.type !== 'Identifier') return false;
  const { name } = id;
  const isElsewhere =
    holder?.type === 'AssignmentExpression' &&
    !file
      .all('VariableDeclarator')
      .some((one) => nameOf(one.id as Node) === name && functionsAround(file, one)[0] === around);
  if (isElsewhere) return false;
  const inside = callsIn(file).filter((one) => contains(around, one));
  const isKept =
    inside.some((one) => (one.arguments as readonly Node[]).some((given) => nameOf(given) === name)) ||
    file.all('Property').some((one) => contains(around, one) && nameOf(one.value as Node) === name) ||
    file
      .all('AssignmentExpression')
      .some((one) => contains(around, one) && (nameOf(one.right as Node) === name || isKeptBeside(one, call)));
  return (
    !isKept &&
    inside.some(
      (one) => pathOf(one.callee as Node).join('.') === `${name}.fire` && functionsAround(file, one)[0] === around,
    )
  );
}

/** `new CircuitBreaker(ask).fallback(otherwise).fire(id)`, in a function. */
function isFiredAtOnce(file: ParsedFile, call: AnyCall): boolean {
  let at: Node = call;
  for (;;) {
    const member = file.parentOf(at);
    const next: Node | undefined =
      member?.type === 'MemberExpression' && member.object === at ? file.parentOf(member) : undefined;
    if (next?.type !== 'CallExpression' || next.callee !== member) return false;
    if (pathOf(next.callee).at(-1) === 'fire') return functionsAround(file, call).length > 0;
    at = next;
  }
}

const ONLY_TOLD = /^(fallback|on|once|off|addListener|shutdown|healthCheck|enable|stats|status|opened|closed|name)$/;

/** It has a name that only its file knows, and that is never used to call anything. */
function isIdle(file: ParsedFile, { call, library }: Pick<Breaker, 'call' | 'library'>): boolean {
  const holder = file.parentOf(call);
  const id =
    holder?.type === 'VariableDeclarator'
      ? (holder.id as Node)
      : holder?.type === 'PropertyDefinition' && holder.accessibility === 'private'
        ? (holder.key as Node)
        : undefined;
  const name = nameOf(id)?.replace('#', '');
  if (library !== 'opossum' || name === undefined || /^\s*export\b/.test(file.lines[file.lineAt(call.start) - 1]!))
    return false;
  const uses = [...file.all('Identifier'), ...file.all('PrivateIdentifier')].filter(
    (one) => one.name === name && one !== id,
  );
  return uses.every((use) => {
    const own = file.parentOf(use);
    const whole = own?.type === 'MemberExpression' && own.property === use ? own : use;
    const member = file.parentOf(whole);
    return (
      member?.type === 'MemberExpression' &&
      member.object === whole &&
      ONLY_TOLD.test(nameOf(member.property as Node) ?? '')
    );
  });
}

const isPlainAssignment = (node: Node | undefined): node is Extract<Node, { type: 'AssignmentExpression' }> =>
  node?.type === 'AssignmentExpression' && node.operator === '=';

/** `const breaker = (this.known[name] = new CircuitBreaker(…))` */
const isKeptBeside = ({ left, right }: { left: unknown; right: unknown }, call: AnyCall): boolean =>
  (left as Node).type === 'MemberExpression' && contains(right as Node, call);

/** What a kit makes around a breaker, for one call: who makes it anew for the next one begins to count anew. */
export function kitBreakersForEachCall(system: System): Breaker[] {
  const { program } = system;
  const own = [...system.services, ...system.gateways].flatMap((part) =>
    system.filesOf(part).map((file) => ({ part, file })),
  );
  const libraries = program.files.flatMap((file) => {
    const part = system.partOf(file.path)?.kind === 'library' ? userOf(system, file) : undefined;
    return part ? [{ part, file }] : [];
  });
  return [...own, ...libraries].flatMap(({ part, file }) =>
    callsIn(file).flatMap((call) => {
      // What is asked once, while the process starts, is made once.
      if (!isUsedAtOnce(file, call) ? !isOfGetter(system, { file, call }) : runsOnce(system, { file, call })) return [];
      const makers = program.calleesOf({ file, call }).filter((maker) => !keepsWhatItMakes(maker));
      const isBreaker =
        makers.some((maker) =>
          program
            .callsReachedFrom(maker, 3)
            .some((site) => isOwnMaker(system, site) || breakersIn(system, part, site.file).some(holds(site.call))),
        ) || hasBreakerField(system, part, { file, call });
      return isBreaker ? [{ part, file, call, library: 'kit' }] : [];
    }),
  );
}

/** What a kit makes its breakers by, where these are its own: `circuitBreaker({ name, … })`. */
const isOwnMaker = ({ program }: System, site: CallSite): boolean =>
  /^(circuit_?breaker|(create|make)\w*breaker)$/i.test(pathOf(site.call.callee as Node).at(-1)!) &&
  program.calleesOf(site).length > 0;

/** `breakers.get(name) ?? …`: who asks again gets the same one. */
function keepsWhatItMakes({ file, node }: FunctionAt): boolean {
  const inner = file
    .all('Property')
    .flatMap(({ value }) => (isFunction(value) && contains(node, value) ? [value] : []));
  const text = inner.reduce((whole, one) => whole.replace(file.textOf(one), ''), file.textOf(node));
  return /\?\?=|\|\|=|\bmemoi[sz]e/.test(text) || (/\.(has|get)\(/.test(text) && /\.set\(/.test(text));
}

/** A class of which each object has a breaker of its own. */
function hasBreakerField(system: System, part: Part, { file, call }: Pick<Breaker, 'file' | 'call'>): boolean {
  const origin = call.type === 'NewExpression' ? system.program.originOf(file, call.callee as Node) : undefined;
  if (origin?.kind !== 'class') return false;
  const fields = (origin.node.body.body as readonly Node[]).filter(({ type }) => type === 'PropertyDefinition');
  return breakersIn(system, part, origin.file).some((breaker) => fields.some((one) => contains(one, breaker.call)));
}

const holds = (call: AnyCall) => (breaker: Breaker) => breaker.call === call;

/** Whether all that becomes of it is a call of one of its methods, in the function that makes it. */
function isUsedAtOnce(file: ParsedFile, made: AnyCall): boolean {
  const call = composedOf(file, made);
  const [around] = functionsAround(file, call);
  const holder = file.parentOf(call);
  // `createClient(options).get(path)`
  if (around && holder?.type === 'MemberExpression') return file.parentOf(holder)?.type === 'CallExpression';
  if (!around || holder?.type !== 'VariableDeclarator' || holder.id.type !== 'Identifier') return false;
  const { id } = holder;
  const uses = file
    .all('Identifier')
    .filter((one) => one.name === id.name && one !== id && contains(around, one) && !isKey(file, one));
  return (
    uses.length > 0 &&
    uses.every((use) => {
      const member = file.parentOf(use);
      const asked = member?.type === 'MemberExpression' && member.object === use ? file.parentOf(member) : undefined;
      const direct = member?.type === 'CallExpression' && member.callee === use ? member : undefined;
      if (direct) return functionsAround(file, use)[0] === around && ENDS.has(file.parentOf(direct)?.type ?? '');
      const isCalled = asked?.type === 'CallExpression' && asked.callee === member;
      return isCalled && functionsAround(file, use)[0] === around && ENDS.has(endOf(file, asked)?.type ?? '');
    }) &&
    uses.some((use) => {
      const member = file.parentOf(use)!;
      const asked = member.type === 'CallExpression' ? member : file.parentOf(member)!;
      const isRun = asked.type === 'CallExpression' && /^(execute|fire)$/.test(pathOf(asked.callee).at(-1)!);
      return file.parentOf(asked)?.type === 'AwaitExpression' || isRun;
    })
  );
}

/** The whole of `wrap(fallback(…), this.policyFor(host))`. */
function composedOf(file: ParsedFile, call: AnyCall): AnyCall {
  const outer = file.parentOf(call);
  const isPart = outer?.type === 'CallExpression' && (outer.arguments as readonly Node[]).includes(call);
  return isPart && /^(wrap|compose|pipe|combine)$/.test(pathOf(outer.callee).at(-1)!) ? composedOf(file, outer) : call;
}

/** What becomes of a value, whatever its type is said to be. */
function endOf(file: ParsedFile, node: Node): Node | undefined {
  const parent = file.parentOf(node);
  return parent?.type === 'TSAsExpression' || parent?.type === 'TSNonNullExpression' ? endOf(file, parent) : parent;
}

/** `get client() { return createClient(…); }`, also by a function: whoever asks for it gets a new one. */
function isOfGetter({ program }: System, { file, call }: Pick<Breaker, 'file' | 'call'>, depth = 0): boolean {
  const [around] = functionsAround(file, call);
  const isReturned = !!around && (around.body === call || file.parentOf(call)?.type === 'ReturnStatement');
  const holder = around && file.parentOf(around);
  if (!isReturned || depth > 2) return false;
  if (holder?.type === 'MethodDefinition') return holder.kind === 'get';
  return program.callersOf(around).some((site) => isOfGetter({ program } as System, site, depth + 1));
}

/** The answer is waited for, or nothing becomes of it. */
const ENDS: ReadonlySet<string> = new Set(['AwaitExpression', 'ReturnStatement', 'ExpressionStatement']);

const isKey = (file: ParsedFile, node: Node): boolean => {
  const parent = file.parentOf(node);
  return parent?.type === 'MemberExpression' && parent.property === node && !parent.computed;
};
