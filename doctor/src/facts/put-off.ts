import type { Node } from 'oxc-parser';
import { type CallSite, callsIn } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { isFunction, pathOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { isWrite } from './effects.ts';

const SHORT_MS = 60_000;
/** What tries again soon, or gives up: nothing is lost with it. */
const OF_TRYING = /retr|back_?off|jitter|interval|poll|debounce|throttle|time_?out|attempt|grace|shutdown|drain/i;
const TELLS = /^(publish|emit|send|sendMail|sendToQueue|produce)$/;

/** Work that a timer of the process does a good while later: it is gone when the process ends before. */
export const workPutOff = (system: System, file: ParsedFile): CallSite['call'][] =>
  callsIn(file).filter((call) => {
    if (call.type !== 'CallExpression' || pathOf(call.callee).at(-1) !== 'setTimeout') return false;
    const origin = system.program.originOf(file, call.callee);
    const [work, delay] = call.arguments as readonly Node[];
    if (origin.kind !== 'global' || !work || !delay || !isFunction(work) || !isLong(file, delay)) return false;
    return system.program
      .callsReachedFrom({ file, node: work }, 3)
      .some((site) => isWrite(system, site) || TELLS.test(pathOf(site.call.callee as Node).at(-1)!));
  });

/** A minute and more, or as long as something says that is only known when it runs. */
function isLong(file: ParsedFile, delay: Node): boolean {
  const ms = numberOf(delay);
  return ms === undefined ? !OF_TRYING.test(file.textOf(delay)) && delay.type !== 'MemberExpression' : ms >= SHORT_MS;
}

function numberOf(node: Node): number | undefined {
  if (node.type === 'Literal') return typeof node.value === 'number' ? node.value : undefined;
  if (node.type !== 'BinaryExpression' || node.operator !== '*') return undefined;
  const [left, right] = [numberOf(node.left as Node), numberOf(node.right)];
  return left === undefined || right === undefined ? undefined : left * right;
}
