import type { Node } from 'oxc-parser';
import type { FunctionAt } from '../model/origin.ts';
import { type CallSite, callsIn } from '../model/program.ts';
import { perSystem, type System } from '../model/system.ts';
import { type AnyClass, contains, pathOf } from '../source/ast.ts';
import { groupBy } from '../source/group-by.ts';
import type { ParsedFile } from '../source/parsed-file.ts';

/** A circuit breaker that a team has written itself: a class of that name that services make. */
export interface OwnBreaker {
  readonly file: ParsedFile;
  readonly node: AnyClass;
  /** Where services and gateways make one. */
  readonly makers: readonly CallSite[];
}

const NAME = /^(\w*Circuit)?Breaker$|^CircuitBreaker/;

/** All that services make themselves; what a kit makes for them, it answers for. */
export const ownBreakers = perSystem((system: System): readonly OwnBreaker[] => {
  const made = [...system.services, ...system.gateways].flatMap((part) =>
    system.filesOf(part).flatMap((file) => file.all('NewExpression').flatMap((call) => madeBy(system, { file, call }))),
  );
  return [...groupBy(made, ({ node }) => node).values()].map((same) => ({
    ...same[0]!,
    makers: same.map(({ site }) => site),
  }));
});

function madeBy(system: System, site: CallSite) {
  const origin = system.program.originOf(site.file, site.call.callee as Node);
  if (origin.kind !== 'class' || !NAME.test(origin.node.id?.name ?? '')) return [];
  return [{ file: origin.file, node: origin.node, site }];
}

const GATES = /\bthrow\b|\breturn\b|\breject\(/;
const CLOSED = /^(null|undefined|false|0|['"]closed['"]|(\w+\.)*closed)$/i;

/** Whether nothing ever puts it into the state in which it refuses. */
export function neverOpens({ file, node }: OwnBreaker): boolean {
  const gates = file
    .all('IfStatement')
    .filter((one) => contains(node, one) && GATES.test(file.textOf(one.consequent as Node)));
  const fields = new Set(
    gates.flatMap((one) => [...file.textOf(one.test as Node).matchAll(/this\.(#?\w+)/g)].map(([, name]) => name!)),
  );
  const set = file
    .all('AssignmentExpression')
    .filter(({ left }) => contains(node, left as Node) && fields.has(pathOf(left as Node)[1] ?? ''));
  if (gates.length === 0 || set.length === 0 || node.superClass) return false;
  return set.every(({ right, operator }) => operator === '=' && isClosed(file, right, node));
}

/** What it is made with, or what it is when all goes well. */
const isClosed = (file: ParsedFile, right: Node, holder: AnyClass): boolean =>
  CLOSED.test(file.textOf(right)) ||
  (holder.body.body as readonly Node[]).some(
    (member) => member.type === 'MethodDefinition' && member.kind === 'constructor' && contains(member, right),
  );

export const ENDS = /time_?out|abort|deadline|\bsignal\b|Promise\.race/i;

/** Whether neither it nor those who make it end a call that hangs. */
export const isEndless = ({ file, node, makers }: OwnBreaker): boolean => {
  const own = file
    .textOf(node)
    .replaceAll(/reset_?time_?out\w*|\btimeoutMs\s*=\s*[\d_]+|this\.time_?out\w*\s*=\s*\w+/gi, '');
  return !ENDS.test(own) && !makers.some((one) => ENDS.test(one.file.lines.join('\n').replaceAll(TOLD, '')));
};

/** Settings that are told to the breaker itself, which does nothing with them. */
const TOLD = /\b(reset)?time_?out\w*\s*:\s*[\d_]+/gi;

/** The calls by which services run something through it. */
export const runsOf = (system: System, { file, node }: OwnBreaker): readonly CallSite[] =>
  methodsOf(file, node)
    .flatMap((method) => system.program.callersOf(method.node))
    .filter((site) => /^(service|gateway)$/.test(system.partOf(site.file.path)?.kind ?? ''));

const RUNS = /^(fire|execute|exec|run|call|invoke)$/;

const methodsOf = (file: ParsedFile, node: AnyClass): FunctionAt[] =>
  (node.body.body as readonly Node[]).flatMap((member) =>
    member.type === 'MethodDefinition' && RUNS.test(pathOf(member.key as Node)[0]!)
      ? [{ file, node: member.value }]
      : [],
  );

/** Whether a class has a way to answer in place of an error, or takes one. */
export const hasOwnFallback = ({ file, node, makers }: OwnBreaker): boolean =>
  /fallback/i.test(file.textOf(node)) || makers.some(({ file: home, call }) => /fallback/i.test(home.textOf(call)));

/** Whether one is made in a function that also runs something through it. */
export const isMadeForOneCall = (site: CallSite): boolean => {
  const holder = site.file.parentOf(site.call);
  const name = holder?.type === 'VariableDeclarator' && holder.id.type === 'Identifier' ? holder.id.name : undefined;
  return callsIn(site.file).some(
    (one) =>
      RUNS.test(pathOf(one.callee as Node).at(-1)!) &&
      (contains(one.callee as Node, site.call) || (name !== undefined && pathOf(one.callee as Node)[0] === name)),
  );
};
