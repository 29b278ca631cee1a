import type { Node } from 'oxc-parser';
import { type CallSite, callsIn } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { type AnyFunction, contains, isFunction, nameOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';

type Timer = 'setInterval' | 'setTimeout';

const WORKS: ReadonlySet<string> = new Set(['MemberExpression', 'Identifier']);

/**
 * What a call gives to a function of this repository that runs it again and again, `timers.every(ms, work)`, or once
 * after a while: `timers.once(ms, work)`.
 */
export function workOfPort(system: System, { file, call }: CallSite, timer: Timer = 'setInterval'): Node[] {
  if (!(call.arguments as readonly Node[]).some((given) => isFunction(given) || WORKS.has(given.type))) return [];
  return system.program.calleesOf({ file, call }).flatMap((port) => {
    if (!port.file.lines.some((line) => line.includes(`${timer}(`))) return [];
    const names = (port.node.params as readonly Node[]).map((one) => nameOf(one));
    return names.flatMap((name, index) => {
      const given = call.arguments[index] as Node | undefined;
      return name !== undefined && given && isRunBy(system, timer, { ...port, name }) ? [given] : [];
    });
  });
}

interface Port {
  readonly file: ParsedFile;
  readonly node: AnyFunction;
  readonly name: string;
}

/** Whether a parameter is what the timer of the platform runs, or is called by that. */
const isRunBy = ({ program }: System, timer: Timer, { name, ...port }: Port): boolean =>
  callsIn(port.file).some((call) => {
    if (!contains(port.node, call)) return false;
    const origin = program.originOf(port.file, call.callee as Node);
    const [run] = call.arguments as readonly Node[];
    if (origin.kind !== 'global' || origin.path.at(-1) !== timer || !run) return false;
    if (nameOf(run) === name) return true;
    return (
      isFunction(run) && callsIn(port.file).some((one) => contains(run, one) && nameOf(one.callee as Node) === name)
    );
  });
