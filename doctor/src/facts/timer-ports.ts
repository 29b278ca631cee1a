import type { Node } from 'oxc-parser';
import { type CallSite, callsIn } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { type AnyFunction, contains, isFunction, nameOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';

/** What a call gives to a function of this repository that runs it again and again: `timers.every(ms, work)`. */
export function workOfPort(system: System, { file, call }: CallSite): Node[] {
  if (!(call.arguments as readonly Node[]).some((given) => isFunction(given) || given.type === 'MemberExpression'))
    return [];
  return system.program.calleesOf({ file, call }).flatMap((port) => {
    if (!port.file.lines.some((line) => line.includes('setInterval('))) return [];
    const names = (port.node.params as readonly Node[]).map((one) => nameOf(one));
    return names.flatMap((name, index) => {
      const given = call.arguments[index] as Node | undefined;
      return name !== undefined && given && isRepeated(system, port, name) ? [given] : [];
    });
  });
}

/** Whether a parameter is what `setInterval` runs, or is called by that. */
const isRepeated = ({ program }: System, port: { file: ParsedFile; node: AnyFunction }, name: string): boolean =>
  callsIn(port.file).some((timer) => {
    if (!contains(port.node, timer)) return false;
    const origin = program.originOf(port.file, timer.callee as Node);
    const [run] = timer.arguments as readonly Node[];
    if (origin.kind !== 'global' || origin.path.at(-1) !== 'setInterval' || !run) return false;
    if (nameOf(run) === name) return true;
    return (
      isFunction(run) && callsIn(port.file).some((one) => contains(run, one) && nameOf(one.callee as Node) === name)
    );
  });
