import type { Node } from 'oxc-parser';
import { callsIn, type Program } from '../model/program.ts';
import {
  type AnyFunction,
  ancestorsOf,
  contains,
  functionsAround,
  isFunction,
  lastOf,
  pathOf,
  unwrap,
} from '../source/ast.ts';
import type { NodeOf, ParsedFile } from '../source/parsed-file.ts';

/** A function that turns back while it is open, and opens when what it asks has failed: a breaker without a class. */
export interface HandmadeBreaker {
  readonly file: ParsedFile;
  readonly node: AnyFunction;
  /** The question before the call. */
  readonly gate: NodeOf<'IfStatement'>;
  /** By which variables and fields it remembers. */
  readonly state: ReadonlySet<string>;
}

/** By the program, since who calls a function of one file stands in others. */
const known = new WeakMap<Program, Map<ParsedFile, readonly HandmadeBreaker[]>>();

/** Those of a file. */
export function handmadeBreakersIn(program: Program, file: ParsedFile): readonly HandmadeBreaker[] {
  const ofProgram = known.get(program) ?? new Map<ParsedFile, readonly HandmadeBreaker[]>();
  const found = ofProgram.get(file) ?? findIn(program, file);
  known.set(program, ofProgram.set(file, found));
  return found;
}

const TURNS_BACK = /\b(return|throw)\b/;

function findIn(program: Program, file: ParsedFile): HandmadeBreaker[] {
  const trips = failureAssignments(program, file);
  if (trips.length === 0) return [];
  return file.all('IfStatement').flatMap((gate): HandmadeBreaker[] => {
    const [node] = functionsAround(file, gate);
    if (!node || isInFailure(program, file, gate) || !TURNS_BACK.test(file.textOf(gate.consequent as Node))) return [];
    const asked = namesIn(file, gate.test as Node);
    const own = trips.filter(
      ({ name, set }) => asked.has(name) && !contains(gate, set) && isKeptOutside(program, file, { name, node }),
    );
    if (own.length === 0) return [];
    const beside = trips.filter((one) => own.some(({ where }) => where === one.where));
    return [{ file, node, gate, state: new Set(beside.map(({ name }) => name)) }];
  });
}

interface Trip {
  readonly name: string;
  readonly set: Node;
  /** The `catch`, or the function that one calls. */
  readonly where: Node;
}

/** What is set where something has failed. */
function failureAssignments(program: Program, file: ParsedFile): Trip[] {
  const all = [
    ...file.all('AssignmentExpression').map((set) => ({ set: set as Node, target: set.left as Node })),
    ...file.all('UpdateExpression').map((set) => ({ set: set as Node, target: set.argument as Node })),
  ];
  return all.flatMap(({ set, target }) => {
    const where = failureAround(program, file, set);
    return where ? [{ name: nameAt(target), set, where }] : [];
  });
}

const isInFailure = (program: Program, file: ParsedFile, node: Node): boolean =>
  failureAround(program, file, node) !== undefined;

/** The `catch` around a place, also where that calls the function around it. */
function failureAround(program: Program, file: ParsedFile, node: Node): Node | undefined {
  const here = catchAround(file, node);
  if (here) return here;
  const [around] = functionsAround(file, node);
  const isAsked = around && program.callersOf(around).some((site) => catchAround(site.file, site.call));
  return isAsked ? around : undefined;
}

/** `catch { … }` and `.catch(() => …)` */
function catchAround(file: ParsedFile, node: Node): Node | undefined {
  return ancestorsOf(file, node).find((outer) => {
    if (outer.type === 'CatchClause') return true;
    const call = isFunction(outer) ? file.parentOf(outer) : undefined;
    if (call?.type !== 'CallExpression' || call.callee.type !== 'MemberExpression') return false;
    const [first, second] = call.arguments as readonly Node[];
    const name = lastOf(call.callee);
    return (name === 'catch' && first === outer) || (name === 'then' && second === outer);
  });
}

const nameAt = (target: Node): string => pathOf(unwrap(target)).join('.');

/** The variables and fields that a condition reads. */
const namesIn = (file: ParsedFile, test: Node): ReadonlySet<string> =>
  new Set(
    [...file.all('Identifier'), ...file.all('MemberExpression')]
      .filter((one) => contains(test, one))
      .map((one) => nameAt(one)),
  );

/** What a call leaves for the next one: a field, or a variable that is declared around the function. */
function isKeptOutside(
  program: Program,
  file: ParsedFile,
  { name, node }: { name: string; node: AnyFunction },
): boolean {
  const [root] = name.split('.');
  if (root === 'this') return true;
  const binding = root === undefined ? undefined : program.scopesOf(file).lookUp(root, node);
  return binding?.kind === 'value' && !contains(node, binding.node);
}

/** Whether a place comes behind the question of such a breaker. */
export const isBehindGate = (
  program: Program,
  file: ParsedFile,
  { node, around }: { node: Node; around: Node },
): boolean => handmadeBreakersIn(program, file).some((one) => one.node === around && one.gate.end <= node.start);

/** Whether a function of this repository is one, and runs what it is handed. */
export const runsBehindGate = (program: Program, { file, node }: { file: ParsedFile; node: AnyFunction }): boolean =>
  handmadeBreakersIn(program, file).some(
    (one) =>
      one.node === node &&
      callsIn(file).some((call) => {
        const binding =
          call.callee.type === 'Identifier' ? program.scopesOf(file).lookUp(call.callee.name, call) : undefined;
        const isHanded = binding?.kind === 'value' && binding.declaration === 'parameter';
        return isHanded && contains(node, call) && one.gate.end <= call.start;
      }),
  );
