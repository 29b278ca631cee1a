import type { Node } from 'oxc-parser';
import { type CallSite, callsIn } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { ancestorsOf, contains, functionsAround, isFunction, pathOf, property } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';

/** `setTimeout` by which a function calls itself again and again. */
export function isAgain(system: System, { file, call }: CallSite, work: Node): boolean {
  const arounds = functionsAround(file, call);
  const works = workOf(system, file, work);
  if (works.some(({ node }) => arounds.includes(node as (typeof arounds)[number]))) return true;
  if (works.some((work) => isHandedBack(system, work, arounds))) return true;
  return works
    .flatMap((work) => (isFunction(work.node) ? system.program.callsReachedFrom({ file, node: work.node }, 1) : []))
    .some((site) => system.program.calleesOf(site).some(({ node }) => arounds.includes(node)));
}

/** In the `catch` of what it begins again: what has gone well is not done a second time. */
export function isAfterFailure(file: ParsedFile, node: Node): boolean {
  const [around] = functionsAround(file, node);
  return ancestorsOf(file, node).some((one) => one.type === 'CatchClause' && (!around || contains(around, one)));
}

export interface Work {
  readonly file: ParsedFile;
  readonly node: Node;
}

export function workOf({ program }: System, file: ParsedFile, given: Node): Work[] {
  if (isFunction(given)) return [{ file, node: given }];
  if (given.type === 'ObjectExpression') {
    const task = property(given, 'onTick') ?? property(given, 'execute');
    return task ? workOf({ program } as System, file, task) : [];
  }
  const origin = program.originOf(file, given);
  return origin.kind === 'functions' ? origin.all.map((one) => ({ file: one.file, node: one.node })) : [];
}

/** `work().finally(schedule)`: it begins again once it has ended. */
const isHandedBack = ({ program }: System, { file, node }: Work, arounds: readonly Node[]): boolean =>
  callsIn(file).some((call) => {
    if (!contains(node, call) || !/^(then|finally|catch)$/.test(pathOf(call.callee as Node).at(-1)!)) return false;
    return (call.arguments as readonly Node[]).some((given) => {
      const origin = isFunction(given) ? undefined : program.originOf(file, given);
      return origin?.kind === 'functions' && origin.all.some((one) => arounds.includes(one.node));
    });
  });
