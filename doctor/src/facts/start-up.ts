import type { CallSite } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { functionsAround, loopAround } from '../source/ast.ts';

/** Whether a call runs once, while its process starts: at the top of a file, or in a function that only runs there. */
export function runsOnce(system: System, { file, call }: CallSite, depth = 0): boolean {
  if (loopAround(file, call)) return false;
  const [around] = functionsAround(file, call);
  if (!around) return true;
  const callers = depth > 3 ? [] : system.program.callersOf(around);
  return callers.length > 0 && callers.every((site) => runsOnce(system, site, depth + 1));
}
