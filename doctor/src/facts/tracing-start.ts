import type { Node } from 'oxc-parser';
import type { Part } from '../model/layout.ts';
import { type CallSite, callsIn } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { type AnyCall, functionsAround, pathOf, property } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { loadedFiles, startScripts, startsWithoutScripts } from './loaded.ts';
import { isOn, schemas } from './moleculer.ts';
import { isReached } from './reached.ts';

/** What makes spans, by itself or by hand. */
export const TRACERS = new RegExp(
  String.raw`^(@opentelemetry/(sdk-node|sdk-trace[\w-]*|auto-instrumentations-node|instrumentation[\w-]*|` +
    String.raw`exporter-trace-[\w-]+)|dd-trace|elastic-apm-node|@sentry/(node|nestjs)|newrelic|` +
    'applicationinsights|@azure/monitor-opentelemetry|nestjs-otel|@splunk/otel|@honeycombio/opentelemetry-node|' +
    String.raw`@fastify/otel|@google-cloud/trace-agent|@elastic/opentelemetry-node|` +
    String.raw`@instana/(collector|serverless)|aws-xray-sdk[\w-]*|jaeger-client|zipkin[\w-]*|lightstep-tracer)(/.*)?$`,
);
const IN_ENVIRONMENT = /(--(require|import)[= ]|\s-r )\s*\S*(otel|opentelemetry|tracing|instrumentation|dd-trace|apm)/i;
const STARTS = new RegExp(
  String.raw`\.start\(|registerInstrumentations\(|\.register\(|\.init\(|createTelemetry|TracerProvider\(|` +
    String.raw`NodeSDK\(|getTracer\(|SpanProcessor\(|initTracer\w*\(|openSegment\(|\binstana\(|new Tracer\(|` +
    String.raw`collector['"]\)\(`,
);

/** Whether anything starts tracing where a part is started: its code, its scripts, its image or its settings. */
export function isTraced(system: System, part: Part): boolean {
  if (isTracedByMoleculer(system, part)) return true;
  const scripts = startsWithoutScripts(system, part) ? '' : startScripts(part.scripts).join('\n');
  const deployed = system
    .deploymentsOf(part)
    .map(({ command, environment }) => `${command} ${environment['NODE_OPTIONS'] ?? ''}`);
  const files = tracingFiles(system, part);
  const makes = files.filter((file) => MAKES_SDK.test(file.lines.join('\n')));
  // What a script loads has to start what it makes.
  const isIdle =
    (makes.length > 0 && !isStarted([...makes, ...importersOf(system, part, makes)])) ||
    isNeverBegun(system, part, files);
  const isLoaded = IN_ENVIRONMENT.test([scripts, ...deployed].join('\n')) || dockerStarts(system, part);
  if (isLoaded && !isIdle) return true;
  return files.length > 0 && isStarted([...files, ...importersOf(system, part, files)]);
}

const BEGUN_BY_CALL = /^(dd-trace|elastic-apm-node)$/;

/** Agents that do nothing before they are told to begin: `tracer.init()`. */
function isNeverBegun(system: System, part: Part, files: readonly ParsedFile[]): boolean {
  const named = files.filter((file) => file.imports.some(({ specifier }) => BEGUN_BY_CALL.test(specifier)));
  const all = [...named, ...importersOf(system, part, named)].map((file) => file.lines.join('\n'));
  return named.length > 0 && named.length === files.length && !all.some((text) => /\.(init|start)\(/.test(text));
}

/** Moleculer makes spans by itself, and carries them in what it calls and tells. */
export const isTracedByMoleculer = (system: System, part: Part): boolean =>
  isOn(system, 'tracing') && schemas(system).some((one) => one.part === part);

const MAKES_SDK = /\bnew NodeSDK\(/;
const STARTS_SDK = /(\b(?!(server|app|worker|scheduler|consumer)\b)\w+|\))\s*(\?)?\.start\(|registerInstrumentations\(/;

/** An SDK that is only made does nothing yet. */
function isStarted(files: readonly ParsedFile[]): boolean {
  const texts = files.map((file) => file.lines.join('\n'));
  return texts.some((text) => MAKES_SDK.test(text))
    ? texts.some((text) => STARTS_SDK.test(text))
    : texts.some((text) => STARTS.test(text));
}

/** A file that makes an SDK at its top, so that who loads it has started it. */
export const startsAtOnce = (file: ParsedFile): boolean =>
  makersIn(file).some((call) => functionsAround(file, call).length === 0) && isStarted([file]);

/** The files that run and name a tracer. */
export const tracingFiles = (system: System, part: Part): ParsedFile[] =>
  namingTracers(system, part).filter((file) => {
    const makers = makersIn(file);
    return makers.length === 0 || makers.some((node) => isReached(system, loadedFiles(system, part), { file, node }));
  });

/** Where a tracer would be made, if anything called it. */
export const unusedMaker = (system: System, part: Part): CallSite | undefined =>
  namingTracers(system, part)
    .filter((file) => !tracingFiles(system, part).includes(file))
    .flatMap((file) => makersIn(file).map((call) => ({ file, call })))[0];

const namingTracers = (system: System, part: Part): ParsedFile[] =>
  loadedFiles(system, part).filter((file) =>
    file.imports.some(({ specifier, typeOnly }) => !typeOnly && TRACERS.test(specifier)),
  );

const makersIn = (file: ParsedFile): AnyCall[] =>
  callsIn(file).filter((call) => MAKES_TRACER.test(pathOf(call.callee as Node).at(-1)!));

const MAKES_TRACER = /^(NodeSDK|\w*TracerProvider)$/;

function importersOf(system: System, part: Part, files: readonly ParsedFile[]): ParsedFile[] {
  const paths = new Set(files.map(({ path }) => path));
  return system
    .closureOf(part)
    .filter((file) => system.importsOf(file).some(({ target }) => target.kind === 'own' && paths.has(target.path)));
}

/** `CMD ["node", "--import", "./tracing.js", …]`; a Dockerfile is read as text. */
export const dockerStarts = (system: System, part: Part): boolean =>
  system
    .dockerfilesOf(part)
    .some((text) => IN_ENVIRONMENT.test(text.replaceAll(/["',]+/g, ' ').replaceAll(/\s+/g, ' ')));

/** An SDK that is told no instrumentation makes no span by itself. */
export function hasNoInstrumentation(files: readonly ParsedFile[]): boolean {
  const made = files.flatMap((file) =>
    callsIn(file).flatMap((call) =>
      pathOf(call.callee as Node).at(-1) === 'NodeSDK' ? [call.arguments[0] as Node] : [],
    ),
  );
  const isEmpty = (options: Node | undefined): boolean => {
    if (options?.type !== 'ObjectExpression') return false;
    if (options.properties.some(({ type }) => type === 'SpreadElement')) return false;
    const told = property(options, 'instrumentations');
    return told === undefined || (told.type === 'ArrayExpression' && told.elements.length === 0);
  };
  return made.length > 0 && made.every(isEmpty) && !files.some((file) => REGISTERS.test(file.lines.join('\n')));
}

const REGISTERS = /registerInstrumentations\(|auto-instrumentations-node\/register/;
