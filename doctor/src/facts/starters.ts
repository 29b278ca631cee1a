import type { Node } from 'oxc-parser';
import type { Part } from '../model/layout.ts';
import type { CallSite } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { functionsAround } from '../source/ast.ts';

/** The services whose own code leads to a call that a library makes. */
export function startersOf(system: System, site: CallSite): ReadonlySet<Part> {
  const seen = new Set<Node>();
  const found = new Set<Part>();
  let level: readonly CallSite[] = [site];
  for (let step = 0; step < 8 && level.length > 0; step++) {
    const arounds = level.flatMap(({ file, call }) => functionsAround(file, call)).filter((one) => !seen.has(one));
    for (const one of arounds) seen.add(one);
    const owned = arounds
      .flatMap((one) => system.program.callersOf(one))
      .map((one) => ({ ...one, part: system.partOf(one.file.path) }));
    for (const { part } of owned) if (part?.kind === 'service') found.add(part);
    level = owned.filter(({ part }) => part?.kind !== 'service');
  }
  return found;
}
