import type { Node } from 'oxc-parser';
import type { Part } from '../model/layout.ts';
import { type CallSite, callsIn } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { type AnyCall, functionsAround, pathOf } from '../source/ast.ts';
import { TRACERS } from './tracing-start.ts';

/** An SDK that is started in the function that has made the application before: what that has loaded is not traced. */
export const lateTracing = (system: System, part: Part): readonly CallSite[] =>
  system.filesOf(part).flatMap((file) => {
    const made = callsIn(file).filter(makesApplication);
    if (made.length === 0) return [];
    return callsIn(file).flatMap((call) => {
      const { callee } = call;
      if (callee.type !== 'MemberExpression' || pathOf(callee as Node).at(-1) !== 'start') return [];
      const origin = system.program.originOf(file, callee.object as Node);
      const isTracer = origin.kind === 'external' && TRACERS.test(origin.module);
      const [around] = functionsAround(file, call);
      const isLate = made.some((one) => one.end < call.start && functionsAround(file, one)[0] === around);
      return isTracer && around && isLate ? [{ file, call }] : [];
    });
  });

const makesApplication = ({ callee }: AnyCall): boolean => {
  const [name, holder] = pathOf(callee as Node).toReversed();
  return holder === 'NestFactory' && /^create(Microservice|ApplicationContext)?$/.test(name ?? '');
};
