import type { Node } from 'oxc-parser';
import type { FunctionAt } from '../model/origin.ts';
import type { CallSite, Program } from '../model/program.ts';
import { callsIn } from '../model/program.ts';
import { perSystem, type System } from '../model/system.ts';
import { valueNode } from '../model/texts.ts';
import {
  type AnyCall,
  type AnyFunction,
  contains,
  decoratorsOf,
  functionsAround,
  isFunction,
  nameOf,
  pathOf,
  unwrap,
} from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { isBehindGate, runsBehindGate } from './handmade-breakers.ts';
import { policyAt } from './policies.ts';

export const BREAKERS: ReadonlySet<string> = new Set([
  'opossum',
  'cockatiel',
  'brakes',
  'mollitia',
  'levee',
  'hystrixjs',
  'circuit-breaker-js',
  'nestjs-circuit-breaker',
  'resilience-typescript',
  '@nestjs-resilience/circuit-breaker',
]);

const BREAKER_NAME = /breaker|circuit|resilien|hystrix|^polic(y|ies)$|Policy$/i;
const RUNS = /^(fire|execute|exec|run|call|invoke|wrap|protect)$/;
const DECORATOR = /circuit|breaker|resilien/i;

/** Whether a call hands a function to a circuit breaker: to make one of it, or to run it through one. */
export function isBreakerCall(program: Program, { file, call }: CallSite): boolean {
  const path = pathOf(call.callee as Node);
  const origin = program.originOf(file, call.callee as Node);
  if (origin.kind === 'external' && BREAKERS.has(origin.module)) {
    return call.callee.type !== 'MemberExpression' || !isOtherPolicy(program, file, call.callee.object);
  }
  const last = path.at(-1)!;
  if (origin.kind === 'functions' && origin.all.some((one) => runsBehindGate(program, one))) return true;
  if (hasNoBreaker(program, file, call.callee as Node)) return false;
  const known =
    RUNS.test(last) && call.callee.type === 'MemberExpression' && policyAt(program, { file, node: call.callee.object });
  if (known) return known.hasBreaker;
  if (RUNS.test(last) && path.length > 1) return path.slice(0, -1).some((name) => BREAKER_NAME.test(name));
  return BREAKER_NAME.test(last) && !/(open|state|status|metric|stat)s?$/i.test(last);
}

/** A policy that this repository puts together, in one of its forms without a breaker: `compose(timeout, retry)`. */
function hasNoBreaker(program: Program, file: ParsedFile, callee: Node): boolean {
  if (callee.type !== 'Identifier') return false;
  return valuesOf(program, file, callee).some(({ file: home, node }) => {
    if (node.type !== 'CallExpression' || !COMPOSES.test(pathOf(node.callee).at(-1)!)) return false;
    return !(node.arguments as readonly Node[]).some((given) => {
      const names = pathOf(given);
      return names.some((name) => BREAKER_NAME.test(name) && name !== 'policy') || isOpenValue(program, home, given);
    });
  });
}

const OTHER_POLICIES = /^(retry|timeout|bulkhead|fallback|noop|usePolicy)$/;

/** A policy of a library that limits, repeats or waits, and never opens; also several of them together. */
function isOtherPolicy(program: Program, file: ParsedFile, node: Node): boolean {
  const known = policyAt(program, { file, node });
  if (known) return !known.hasBreaker;
  const made = valueNode(program, file, node) ?? { file, node: unwrap(node) };
  if (made.node.type !== 'CallExpression') return false;
  const name = pathOf(made.node.callee).at(-1)!;
  if (OTHER_POLICIES.test(name)) return true;
  const parts = made.node.arguments as readonly Node[];
  return COMPOSES.test(name) && parts.length > 0 && parts.every((one) => isOtherPolicy(program, made.file, one));
}

const COMPOSES = /^(compose|wrap|pipe|combine|chain)$/;

const isOpenValue = (program: Program, file: ParsedFile, given: Node): boolean =>
  given.type === 'SpreadElement' || (given.type === 'Identifier' && !valueNode(program, file, given));

/** What a name may stand for, where it is one thing or the other. */
function valuesOf(program: Program, file: ParsedFile, node: Node): { file: ParsedFile; node: Node }[] {
  const found = valueNode(program, file, node);
  if (found?.node.type !== 'ConditionalExpression') return found ? [found] : [];
  const { consequent, alternate } = found.node;
  return [consequent, alternate].flatMap((one) => valuesOf(program, found.file, one));
}

interface Guarded {
  /** Functions that are handed to a breaker by their name. */
  readonly functions: ReadonlySet<Node>;
}

const guarded = perSystem(({ program }): Guarded => {
  const functions = new Set<Node>();
  for (const file of program.files) {
    const calls = callsIn(file).filter((call) => isBreakerCall(program, { file, call }));
    const given = calls.flatMap((call) => call.arguments as readonly Node[]);
    for (const one of given.flatMap((node) => functionsGiven(program, { file, node }))) functions.add(one);
  }
  return { functions };
});

interface Handed {
  readonly file: ParsedFile;
  readonly node: Node;
  readonly depth?: number;
}

/** The functions that an argument stands for: by name, bound, or as values of an object. */
function functionsGiven(program: Program, { file, node: given, depth = 0 }: Handed): AnyFunction[] {
  const node = unwrap(given);
  if (isFunction(node)) return [node];
  if (node.type === 'ObjectExpression') {
    return node.properties.flatMap((entry) =>
      entry.type === 'Property' ? functionsGiven(program, { file, node: entry.value as Node }) : [],
    );
  }
  if (!['Identifier', 'MemberExpression', 'CallExpression'].includes(node.type)) return [];
  if (node.type === 'CallExpression' && pathOf(node.callee).at(-1) !== 'bind') return [];
  const origin = program.originOf(file, node.type === 'CallExpression' ? (node.callee as Node) : node);
  if (origin.kind === 'functions') return origin.all.map((one) => one.node);
  // `guarded('catalog', fetchProducts)`: what a wrapper of this repository makes a breaker of.
  const binding = node.type === 'Identifier' ? program.scopesOf(file).lookUp(node.name, node) : undefined;
  if (binding?.kind !== 'value' || binding.declaration !== 'parameter' || depth > 2) return [];
  return program
    .givenTo(file, binding)
    .flatMap((one) => (one.path.length === 0 ? functionsGiven(program, { ...one, depth: depth + 1 }) : []));
}

/** Whether everything that leads to a place passes a circuit breaker. */
export function isGuarded(system: System, file: ParsedFile, node: Node): boolean {
  return leadsThroughBreaker(system, { file, node }, new Set());
}

function leadsThroughBreaker(
  system: System,
  { file, node }: { readonly file: ParsedFile; readonly node: Node },
  seen: Set<Node>,
): boolean {
  const { program } = system;
  const { functions } = guarded(system);
  for (const around of functionsAround(file, node)) {
    const parent = file.parentOf(around);
    if (parent && isDecorated(program, file, parent)) return true;
    if (isInlineGuarded(program, file, around) || isBehindGate(program, file, { node, around })) return true;
    if (seen.has(around)) return true;
    const callers = program.callersOf(around).filter((site) => !isItself(around, site.call));
    if (functions.has(around) && !callers.some((site) => mayCallItself(file, around, site.call))) return true;
    if (callers.length > 0) {
      seen.add(around);
      return callers.every(
        ({ file: home, call }) =>
          isBreakerCall(program, { file: home, call }) ||
          isBoundForBreaker(program, { file: home, call }) ||
          leadsThroughBreaker(system, { file: home, node: call }, seen),
      );
    }
  }
  return false;
}

/** Who calls what a wrapper has made of a function calls it by another name. */
function mayCallItself(file: ParsedFile, around: AnyFunction, { callee }: AnyCall): boolean {
  const holder = file.parentOf(around);
  const name = around.id?.name ?? (holder?.type === 'VariableDeclarator' ? nameOf(holder.id as Node) : undefined);
  return name === undefined || pathOf(callee as Node).at(-1) === name;
}

/** `new CircuitBreaker(this.ask.bind(this))`: to bind a function is not to call it. */
function isBoundForBreaker(program: Program, { file, call }: CallSite): boolean {
  const user = pathOf(call.callee as Node).at(-1) === 'bind' ? file.parentOf(call) : undefined;
  return (
    (user?.type === 'CallExpression' || user?.type === 'NewExpression') && isBreakerCall(program, { file, call: user })
  );
}

/** `@WithBreaker()`; one of this repository that makes a breaker has to call through it as well. */
const isDecorated = (program: Program, file: ParsedFile, member: Node): boolean =>
  decoratorsOf(member).some(({ name, node }) => {
    if (!DECORATOR.test(name)) return false;
    const given = node.type === 'Decorator' ? unwrap(node.expression) : node;
    const origin = program.originOf(file, given.type === 'CallExpression' ? (given.callee as Node) : given);
    return origin.kind !== 'functions' || !origin.all.some((one) => makesInVain(program, one));
  });

function makesInVain(program: Program, { file, node }: FunctionAt): boolean {
  const calls = callsIn(file).filter((call) => contains(node, call));
  const isMade = calls.some((call) => {
    const origin = call.type === 'NewExpression' ? program.originOf(file, call.callee as Node) : undefined;
    return origin?.kind === 'external' && BREAKERS.has(origin.module);
  });
  return isMade && !calls.some((call) => /^(fire|execute|exec|run)$/.test(pathOf(call.callee as Node).at(-1)!));
}

const isItself = (around: AnyFunction, call: AnyCall): boolean => around.start <= call.start && call.end <= around.end;

function isInlineGuarded(program: Program, file: ParsedFile, around: AnyFunction): boolean {
  const parent = file.parentOf(around);
  const isArgument =
    (parent?.type === 'CallExpression' || parent?.type === 'NewExpression') &&
    (parent.arguments as readonly Node[]).includes(around);
  return (
    isArgument &&
    (isBreakerCall(program, { file, call: parent }) || isHandedOn(program, { file, call: parent }, around))
  );
}

/** A function of this repository that hands what it is given to a breaker of its own, whatever its name is. */
function isHandedOn(program: Program, { file, call }: CallSite, given: AnyFunction): boolean {
  const origin = program.originOf(file, call.callee as Node);
  if (origin.kind !== 'functions') return false;
  const index = (call.arguments as readonly Node[]).indexOf(given);
  return origin.all.some(({ file: home, node }) => {
    const name = nameOf((node.params as readonly Node[])[index]);
    const breakers = callsIn(home).filter(
      (one) => contains(node, one) && isBreakerCall(program, { file: home, call: one }),
    );
    const isRun = new RegExp(`\\b${name}\\b`);
    return (
      name !== undefined && breakers.some((one) => one.arguments.some((run) => isRun.test(home.textOf(run as Node))))
    );
  });
}
