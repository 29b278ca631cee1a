import type { Node } from 'oxc-parser';
import { messageUses } from '../facts/messages.ts';
import { withSources } from '../facts/unread.ts';
import { isCalled, type Part } from '../model/layout.ts';
import type { FunctionAt } from '../model/origin.ts';
import { callsIn } from '../model/program.ts';
import type { System } from '../model/system.ts';
import type { Model } from '../model.ts';
import { type AnyFunction, functionsAround, pathOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import type { TraceFacts } from '../traces/trace-facts.ts';
import type { Draft, Judgement, Rule } from './rule.ts';
import { merge, NOTHING } from './rule.ts';
import { inTrace, seenInTraces } from './trace-evidence.ts';

/** Each hop, messages included, is in the trace. */
export const tracing: Rule = {
  id: 'tracing',
  title: 'Each hop is in the trace',
  items: ['tracing'],
  severity: 'error',
  why:
    'A request that goes through five services can only be understood as one; ' +
    'the hop that is missing is the one that is looked for.',
  mend:
    'Start OpenTelemetry before anything else is loaded, and carry the traceparent ' +
    'in the headers of messages as well.',
  judge: (model) => merge(model.system ? judge(model.system) : NOTHING, seen(model)),
};

const TRACERS = new RegExp(
  String.raw`^(@opentelemetry/(sdk-node|sdk-trace[\w-]*|auto-instrumentations-node|instrumentation[\w-]*|` +
    String.raw`exporter-trace-[\w-]+)|dd-trace|elastic-apm-node|@sentry/(node|nestjs)|newrelic|` +
    'applicationinsights|@azure/monitor-opentelemetry|nestjs-otel|@splunk/otel|@honeycombio/opentelemetry-node|' +
    String.raw`@fastify/otel|@google-cloud/trace-agent|@elastic/opentelemetry-node)(/.*)?$`,
);
const IN_ENVIRONMENT = /--(require|import)[= ]\S*(otel|opentelemetry|tracing|instrumentation|dd-trace|apm)/i;
const STARTS = new RegExp(
  String.raw`\.start\(|registerInstrumentations\(|\.register\(|\.init\(|createTelemetry|TracerProvider\(|` +
    String.raw`NodeSDK\(|getTracer\(|SpanProcessor\(`,
);

function judge(system: System): Judgement {
  const { parts: all, unknown } = withSources(system);
  const traced = new Set(all.filter((part) => isTraced(system, part)));
  return {
    findings: [
      ...all.filter((part) => !traced.has(part)).map((part) => untraced(system, part)),
      ...[...traced].flatMap((part) => [
        ...lateStart(system, part),
        ...lostAtBroker(system, part),
        ...byHand(system, part),
      ]),
    ],
    judged: all.map(({ name }) => name),
    unknown,
  };
}

function isTraced(system: System, part: Part): boolean {
  const scripts = Object.values(part.scripts).join('\n');
  const deployed = system
    .deploymentsOf(part)
    .map(({ command, environment }) => `${command} ${environment['NODE_OPTIONS'] ?? ''}`);
  if (IN_ENVIRONMENT.test([scripts, ...deployed].join('\n')) || dockerStarts(system, part)) return true;
  const files = tracingFiles(system, part);
  return (
    files.length > 0 &&
    [...files, ...importersOf(system, part, files)].some((file) => STARTS.test(file.lines.join('\n')))
  );
}

const tracingFiles = (system: System, part: Part): ParsedFile[] =>
  system
    .closureOf(part)
    .filter((file) => file.imports.some(({ specifier, typeOnly }) => !typeOnly && TRACERS.test(specifier)));

function importersOf(system: System, part: Part, files: readonly ParsedFile[]): ParsedFile[] {
  const paths = new Set(files.map(({ path }) => path));
  return system
    .closureOf(part)
    .filter((file) => system.importsOf(file).some(({ target }) => target.kind === 'own' && paths.has(target.path)));
}

/** `CMD ["node", "--import", "./tracing.js", …]`; a Dockerfile is read as text. */
const dockerStarts = (system: System, part: Part): boolean =>
  system
    .dockerfilesOf(part)
    .some((text) => IN_ENVIRONMENT.test(text.replaceAll(/["',]+/g, ' ').replaceAll(/\s+/g, ' ')));

function untraced(system: System, part: Part): Draft {
  const entry = entryOf(system, part);
  const text = 'no tracing is started here, nor in what it imports';
  return {
    subject: part.name,
    what: `${part.name} is in no trace`,
    evidence: [{ file: entry?.path ?? part.folder, line: 1, text }],
  };
}

const ENTRY = /(^|\/)(main|index|server|app|bootstrap|composition-root|start|www)\.[cm]?[jt]s$/;

function entryOf(system: System, part: Part): ParsedFile | undefined {
  const files = system.filesOf(part);
  const depth = ({ path }: ParsedFile): number => path.split('/').length;
  return (
    [...files].filter(({ path }) => ENTRY.test(path)).sort((one, other) => depth(one) - depth(other))[0] ?? files[0]
  );
}

const INSTRUMENTED = /^(express|fastify|koa|@nestjs\/core|pg|mysql2?|mongoose|mongodb|amqplib|kafkajs|ioredis|redis)$/;

/** What is loaded before the tracing is not traced. */
function lateStart(system: System, part: Part): Draft[] {
  const starters = new Set(tracingFiles(system, part).map(({ path }) => path));
  return system.filesOf(part).flatMap((file) => {
    const own = system
      .importsOf(file)
      .filter(({ typeOnly }) => !typeOnly)
      .sort((one, other) => one.line - other.line);
    const starts = own.find(
      ({ target, specifier }) =>
        target.kind === 'own' && starters.has(target.path) && /trac|otel|telemetry|instrument|apm/i.test(specifier),
    );
    const early = starts && own.find(({ specifier, line }) => line < starts.line && INSTRUMENTED.test(specifier));
    if (!starts || !early || !ENTRY.test(file.path)) return [];
    const what = `${part.name} loads ${early.specifier} before its tracing: what that does is in no trace`;
    return [
      {
        subject: part.name,
        what,
        evidence: [{ file: file.path, line: early.line, text: `import "${early.specifier}"` }],
        severity: 'warning' as const,
      },
    ];
  });
}

const CARRIES = /propagation|traceparent|inject\(|extract\(|opentelemetry|tracing\.|instrumentation|formatTraceparent/i;
const AUTOMATIC = new RegExp(
  '^(@opentelemetry/(auto-instrumentations-node|instrumentation-(amqplib|kafkajs|aws-sdk|' +
    String.raw`nats|ioredis|redis[\w-]*))|@instana/.+|dd-trace|elastic-apm-node|newrelic|@azure/monitor-opentelemetry)`,
);
/** Brokers whose client no automatic instrumentation knows. */
const NEVER_AUTOMATIC = /^(nats|@nats-io\/.+|mqtt)$/;

/** Messages that leave without the trace, where nothing adds it by itself. */
function lostAtBroker(system: System, part: Part): Draft[] {
  const files = system.closureOf(part);
  const isAutomatic =
    files.some((file) => file.imports.some(({ specifier }) => AUTOMATIC.test(specifier))) ||
    [...part.dependencies].some((name) => AUTOMATIC.test(name));
  const uses = messageUses(system).filter(
    (use) => use.part === part && (!isAutomatic || NEVER_AUTOMATIC.test(use.library)),
  );
  const carries = (file: ParsedFile): boolean => CARRIES.test(file.lines.join('\n'));
  const lost = uses.filter(({ file, raw }) => !carries(file) && !(raw && carries(raw.file)));
  if (lost.length === 0) return [];
  const what =
    `Messages of ${part.name} travel without the trace: nothing puts the traceparent ` +
    `into their headers, or takes it out`;
  return [
    {
      subject: part.name,
      what,
      evidence: lost
        .slice(0, 3)
        .map((one) => ({ file: one.file.path, line: one.line, text: one.file.lines[one.line - 1]!.trim() })),
      severity: 'warning',
    },
  ];
}

const SERVERS = /^(fastify|express|koa|hono)$/;
const MAKES_SPANS = /span|^trace/i;
const BY_ITSELF = /instrumentation|sdk-node|dd-trace|apm|newrelic|sentry|otel|applicationinsights|monitor/;

/** Where no instrumentation does it, a server has to make its spans itself. */
function byHand(system: System, part: Part): Draft[] {
  if (part.kind === 'gateway') return [];
  const files = system.closureOf(part);
  const tracers = files.flatMap((file) => file.imports.filter(({ specifier }) => TRACERS.test(specifier)));
  if (tracers.some(({ specifier }) => BY_ITSELF.test(specifier)) || dockerStarts(system, part)) return [];
  return files.flatMap((file) =>
    callsIn(file).flatMap((call) => {
      const origin = system.program.originOf(file, call.callee as Node);
      if (origin.kind !== 'external' || !SERVERS.test(origin.module) || origin.path.length > 0) return [];
      const [around] = functionsAround(file, call).toReversed();
      if (!around || call.type !== 'CallExpression') return [];
      const makers = [{ file, node: around }, ...callersAround(system, file, around)];
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

const seen = (model: Model): Judgement =>
  seenInTraces(
    model,
    ({ services }) => services,
    (traces) => [...brokenParents(traces), ...endsAtBroker(model, traces), ...silentServices(model, traces)],
  );

const BROKEN_SHARE = 0.05;

function brokenParents({ orphans, spans }: TraceFacts): Draft[] {
  const share = orphans.count / spans;
  if (!orphans.example || share < BROKEN_SHARE) return [];
  const what = `${(100 * share).toFixed(1)} % of the spans (${orphans.count}) name a parent that is in no trace`;
  return [{ subject: 'the traces', what, evidence: [inTrace(orphans.example)] }];
}

/**
 * What a running system says that nobody in it handles is meant for others outside: there is no consumer that could
 * follow. Whom messages are for is not known of a file of traces.
 */
function endsAtBroker({ running }: Model, { published }: TraceFacts): Draft[] {
  const handled = running?.handled;
  const expected = published.filter(({ type }) => !handled || type === '' || handled.has(type));
  const byDestination = Map.groupBy(expected, ({ service, destination }) => `${service}\0${destination}`);
  return [...byDestination.values()].flatMap((all) => {
    if (all.some(({ heard }) => heard > 0)) return [];
    const { service, destination, example } = all[0]!;
    const sent = all.reduce((sum, one) => sum + one.sent, 0);
    const what =
      `The trace ends where ${service} sends to ${destination}: none of ${sent} ` +
      `messages is followed by its consumer`;
    return [{ subject: service, what, evidence: [inTrace(example)] }];
  });
}

/** Services of the repository of which no trace tells. */
function silentServices({ system }: Model, { services }: TraceFacts): Draft[] {
  const named = (system?.services ?? []).filter((part) => services.some((name) => isCalled(part, name)));
  if (named.length === 0) return [];
  return system!.services
    .filter((part) => !named.includes(part))
    .map((part) => ({
      subject: part.name,
      what: `${part.name} has no span in these traces`,
      evidence: [{ text: `services in the traces: ${services.join(', ')}` }],
      severity: 'warning' as const,
    }));
}
