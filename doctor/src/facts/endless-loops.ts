import type { Node } from 'oxc-parser';
import { type CallSite, callsIn } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { type AnyFunction, ancestorsOf, contains, functionsAround, isFunction, lastOf, nameOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { kindOf } from './messages.ts';

/** A loop that works, waits a while and begins again until the process ends: a timer by another name. */
export interface EndlessLoop {
  readonly file: ParsedFile;
  readonly node: Node;
  /** The function that goes round. */
  readonly around: AnyFunction;
}

const SLEEPS = /^(sleep|delay|wait(For)?|pause|setTimeout|timeout)(Ms|Seconds)?$/i;

/** Those of a file; who waits for messages of a broker shares them with the other replicas. */
export const endlessLoops = (system: System, file: ParsedFile): EndlessLoop[] =>
  [...file.all('WhileStatement'), ...file.all('ForStatement')].flatMap((node) => {
    const [around] = functionsAround(file, node);
    if (!around || !isEndless(file, node) || leaves(file, node, around)) return [];
    const inside = callsIn(file).filter((call) => contains(node.body, call));
    if (!inside.some((call) => SLEEPS.test(lastOf(call.callee as Node)))) return [];
    return inside.some((call) => hears(system, { file, call })) ? [] : [{ file, node, around }];
  });

/** `while (true)`, `for (;;)`, `while (!this.isStopped)`, `while (running)` */
function isEndless(file: ParsedFile, { test }: { readonly test?: unknown }): boolean {
  if (!test) return true;
  const node = test as Node;
  if (node.type === 'Literal') return node.value === true;
  const flag = node.type === 'UnaryExpression' && node.operator === '!' ? node.argument : node;
  const isName = flag.type === 'Identifier' || flag.type === 'MemberExpression';
  return isName && /stop|running|clos|active|abort|shut|alive|done|ended/i.test(file.textOf(flag));
}

/** A loop that tries again ends with its answer, or when it has gone well. */
const leaves = (file: ParsedFile, loop: Node, around: AnyFunction): boolean =>
  [...file.all('ReturnStatement'), ...file.all('BreakStatement')].some((node) => {
    if (!contains(loop, node) || functionsAround(file, node)[0] !== around) return false;
    if (node.type === 'ReturnStatement' && !node.argument) return false;
    const inner = ancestorsOf(file, node).find(({ type }) => /^(For|While|DoWhile|Switch)/.test(type));
    return node.type === 'ReturnStatement' || inner === loop;
  });

const hears = (system: System, site: CallSite): boolean =>
  kindOf(system, site) === 'consumed' ||
  /^(receive\w*|poll\w*|fetchMessages?|xReadGroup|brPop|blPop|ReceiveMessageCommand)$/i.test(
    lastOf(site.call.callee as Node),
  ) ||
  system.program
    .calleesOf(site)
    .some((one) => system.program.callsReachedFrom(one, 2).some((inner) => kindOf(system, inner) === 'consumed')) ||
  (site.call.arguments as readonly Node[]).some(
    (given) => !isFunction(given) && nameOf(given) === 'ReceiveMessageCommand',
  );
