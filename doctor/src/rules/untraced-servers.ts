import type { Node } from 'oxc-parser';
import { loadedFiles } from '../facts/loaded.ts';
import { isReached } from '../facts/reached.ts';
import { dockerStarts, hasNoInstrumentation, TRACERS, tracingFiles } from '../facts/tracing-start.ts';
import type { Part } from '../model/layout.ts';
import type { FunctionAt } from '../model/origin.ts';
import { callsIn } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { type AnyFunction, functionsAround, pathOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import type { Draft } from './rule.ts';

const SERVERS = /^(fastify|express|koa|hono)$/;

const isServer = ({ module, path }: { readonly module: string; readonly path: readonly string[] }): boolean =>
  SERVERS.test(module)
    ? path.length === 0
    : /^node:https?$/.test(module) && /^create(Secure)?Server$/.test(path.at(-1) ?? '');

const MAKES_SPANS = /span|^trace/i;
const BY_ITSELF = /instrumentation|sdk-node|dd-trace|apm|newrelic|sentry|otel|applicationinsights|monitor/;

/** Where no instrumentation does it, a server has to make its spans itself. */
export function untracedServers(system: System, part: Part): Draft[] {
  const files = [...new Set([...system.closureOf(part), ...loadedFiles(system, part)])];
  const tracers = files.flatMap((file) => file.imports.filter(({ specifier }) => TRACERS.test(specifier)));
  const isIdle = hasNoInstrumentation(files);
  if (isIdle && isOfNest(system, part) && !files.some(({ lines }) => /\bstart(Active)?Span\(/.test(lines.join('\n'))))
    return idleOfAll(system, part);
  if (!isIdle && tracers.some(({ specifier }) => BY_ITSELF.test(specifier))) return [];
  if (dockerStarts(system, part)) return [];
  if (part.kind === 'gateway') return unusedSpans(system, part, [...files, ...besideOf(system, files)]);
  const isByHand = files.some((file) => STARTS_SPANS.test(withoutComments(file)));
  const unseen = files.flatMap((file) =>
    callsIn(file).flatMap((call) => {
      const origin = system.program.originOf(file, call.callee as Node);
      if (origin.kind !== 'external' || !isServer(origin) || call.type !== 'CallExpression') return [];
      const [around] = functionsAround(file, call).toReversed();
      if (!around && !isIdle && (!isByHand || NAMES_TRACES.test(withoutComments(file)))) return [];
      const makers = around ? [{ file, node: around }, ...callersAround(system, file, around)] : [];
      const makesSpans = makers.some((maker) =>
        system.program
          .callsReachedFrom(maker, 2)
          .some((site) => MAKES_SPANS.test(pathOf(site.call.callee as Node).at(-1)!)),
      );
      if (makesSpans) return [];
      const line = file.lineAt(call.start);
      const what = `Requests to ${part.name} are in no trace: nothing makes spans for what its server answers`;
      return [{ subject: part.name, what, evidence: [{ file: file.path, line, text: file.lines[line - 1]!.trim() }] }];
    }),
  );
  return unseen.length === 0 && isIdle && !isByHand ? idleOfAll(system, part) : unseen;
}

const OF_SERVERS = /\bkind:\s*['"]server['"]|SpanKind\.SERVER/;

/** The other files of the libraries that are used: what is left of them is what nothing imports any more. */
function besideOf(system: System, files: readonly ParsedFile[]): ParsedFile[] {
  const libraries = new Set(files.map(({ path }) => system.partOf(path)).filter((one) => one?.kind === 'library'));
  return system.program.files.filter((file) => libraries.has(system.partOf(file.path)) && !files.includes(file));
}

/** What would make the spans of requests, and nothing uses it. */
const unusedSpans = (system: System, part: Part, files: readonly ParsedFile[]): Draft[] =>
  files
    .filter((file) => OF_SERVERS.test(withoutComments(file)) && system.partOf(file.path)?.kind !== 'outside')
    .flatMap((file) => {
      const spans = callsIn(file).filter((call) => STARTS_SPANS.test(file.textOf(call.callee as Node).concat('(')));
      const [span] = spans;
      if (!span || spans.some((node) => isReached(system, system.program.files, { file, node }))) return [];
      const line = file.lineAt(span.start);
      const what = `Requests to ${part.name} are in no trace: nothing uses what makes their spans`;
      return [{ subject: part.name, what, evidence: [{ file: file.path, line, text: file.lines[line - 1]!.trim() }] }];
    });

/** A server beside functions that make spans of what it answers: the whole file is what goes on with it. */
const STARTS_SPANS = /\bstart(Active)?Span\(|\btrac(er|ing)\w*\.(begin|span|start)\w*\(/;
const NAMES_TRACES = /span|trac(e|ing)|telemetry|otel|instrument/i;

const withoutComments = ({ lines }: ParsedFile): string =>
  lines.join('\n').replaceAll(/\/\*[\s\S]*?\*\/|(?<!:)\/\/[^\n]*/g, '');

/** Nest makes its server itself. */
const isOfNest = (system: System, part: Part): boolean =>
  system.filesOf(part).some((file) => file.imports.some(({ specifier }) => specifier === '@nestjs/core'));

function idleOfAll(system: System, part: Part): Draft[] {
  const what = `Requests to ${part.name} are in no trace: its tracing is told no instrumentation`;
  return tracingFiles(system, part)
    .flatMap((file) => callsIn(file).map((call) => ({ file, line: file.lineAt(call.start), call })))
    .filter(({ call }) => pathOf(call.callee as Node).at(-1) === 'NodeSDK')
    .slice(0, 1)
    .map(({ file, line }) => ({
      subject: part.name,
      what,
      evidence: [{ file: file.path, line, text: file.lines[line - 1]!.trim() }],
    }));
}

/** Those of the same file, which go on with the server that it makes. */
const callersAround = (system: System, home: ParsedFile, node: AnyFunction): FunctionAt[] =>
  system.program
    .callersOf(node)
    .filter(({ file }) => file === home)
    .flatMap(({ file, call }) =>
      functionsAround(file, call)
        .slice(0, 1)
        .map((one) => ({ file, node: one })),
    );
