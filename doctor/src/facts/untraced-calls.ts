import type { Node } from 'oxc-parser';
import type { Part } from '../model/layout.ts';
import type { FunctionAt } from '../model/origin.ts';
import { type CallSite, callsIn } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { type AnyCall, functionsAround, nameOf, pathOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { loadedFiles } from './loaded.ts';
import { clientOf } from './outbound.ts';
import { dockerStarts, hasNoInstrumentation, TRACERS } from './tracing-start.ts';

/** A call, or the making of a client, to which nothing gives the trace. */
export interface UntracedCall {
  readonly file: ParsedFile;
  readonly call: AnyCall;
}

const CARRIES = /traceparent|trace_?context|tracing|telemetry|tracer|propagat|\binject\(|\botel\b/i;
const BY_ITSELF = /instrumentation|sdk-node|dd-trace|apm|newrelic|sentry|otel|applicationinsights|monitor/;
const COMMENT = /\/\*[\s\S]*?\*\/|(?<!:)\/\/[^\n]*/g;

const carries = (text: string): boolean => CARRIES.test(text.replaceAll(COMMENT, ''));

/** Of a part that carries the trace by hand, where no instrumentation does it. */
export function untracedCalls(system: System, part: Part): UntracedCall[] {
  const files = [...new Set([...system.closureOf(part), ...loadedFiles(system, part)])];
  const isAutomatic =
    !hasNoInstrumentation(files) &&
    files.some((file) => file.imports.some(({ specifier }) => TRACERS.test(specifier) && BY_ITSELF.test(specifier)));
  const isByHand = files.some((file) => /traceparent/i.test(file.lines.join('\n').replaceAll(COMMENT, '')));
  if (isAutomatic || !isByHand || dockerStarts(system, part)) return [];
  return system.filesOf(part).flatMap((file) =>
    callsIn(file)
      .filter((call) => isBare(system, { file, call }) || isMadeBare(system, { file, call }))
      .map((call) => ({ file, call })),
  );
}

/** A call that goes out itself: what leads to it, and what that calls, is looked at. */
function isBare(system: System, site: CallSite): boolean {
  if (clientOf(system, site) === undefined) return false;
  const outer = functionsAround(site.file, site.call).at(-1);
  return !!outer && !reaches(system, { file: site.file, node: outer });
}

/** A client of a library of this repository: it carries the trace by itself, or by what it is made with. */
function isMadeBare(system: System, site: CallSite): boolean {
  const given = (site.call.arguments as readonly Node[]).find(({ type }) => type === 'ObjectExpression');
  if (!given || isGivenTrace(site.file, given)) return false;
  return system.program
    .calleesOf(site)
    .filter(({ file }) => system.partOf(file.path)?.kind === 'library')
    .some((maker) => makesClient(system, maker) && !carriesItself(system, maker));
}

/** By which names a client is told what its requests carry; a hook for logs is none of them. */
const TELLS = /header|around|trac|telemetry|propagat|inject|intercept|hook|middleware|dispatcher|plugin|context/i;

const isGivenTrace = (file: ParsedFile, given: Node): boolean =>
  given.type === 'ObjectExpression' &&
  given.properties.some((one) => {
    if (one.type === 'SpreadElement') return carries(file.textOf(one));
    return TELLS.test(nameOf(one.key as Node) ?? '') && carries(file.textOf(one));
  });

const HOLDS = /^(Pool|Agent|Client)$/;

const makesClient = ({ program }: System, maker: FunctionAt): boolean =>
  program.callsReachedFrom(maker, 2).some(({ file, call }) => {
    const origin = call.type === 'NewExpression' ? program.originOf(file, call.callee as Node) : undefined;
    const isHeld = HOLDS.test(pathOf(call.callee as Node).at(-1)!);
    return origin?.kind === 'external' && origin.module === 'undici' && isHeld;
  });

/** In its own file, or in one of those that it calls. */
function carriesItself({ program }: System, maker: FunctionAt): boolean {
  const reached = program.callsReachedFrom(maker, 3).flatMap((site) => program.calleesOf(site));
  return [maker, ...reached].some(({ file }) => carries(file.lines.join('\n')));
}

const reaches = ({ program }: System, start: FunctionAt): boolean =>
  carries(start.file.textOf(start.node)) ||
  program
    .callsReachedFrom(start, 2)
    .flatMap((site) => program.calleesOf(site))
    .some(({ file, node }) => carries(file.textOf(node)));
