import type { Node } from 'oxc-parser';
import { messageUses } from '../facts/messages.ts';
import {
  dockerStarts,
  hasNoInstrumentation,
  isTraced,
  isTracedByMoleculer,
  TRACERS,
  tracingFiles,
  unusedMaker,
} from '../facts/tracing-start.ts';
import { withSources } from '../facts/unread.ts';
import { type UntracedCall, untracedCalls } from '../facts/untraced-calls.ts';
import { isCalled, type Part } from '../model/layout.ts';
import type { FunctionAt } from '../model/origin.ts';
import { callsIn } from '../model/program.ts';
import type { ResolvedImport, System } from '../model/system.ts';
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
        ...untracedCalls(system, part).map((one) => untracedCall(part, one)),
      ]),
    ],
    judged: all.map(({ name }) => name),
    unknown,
  };
}

function untraced(system: System, part: Part): Draft {
  const maker = unusedMaker(system, part);
  const entry = maker ? undefined : entryOf(system, part);
  const text = 'no tracing is started here, nor in what it imports';
  return {
    subject: part.name,
    what: `Nothing of ${part.name} is in any trace`,
    evidence: [
      maker
        ? { file: maker.file.path, line: maker.file.lineAt(maker.call.start), text: 'made here, and nothing calls it' }
        : { file: entry?.path ?? part.folder, line: 1, text },
    ],
  };
}

function untracedCall({ name: subject }: Part, { file, call }: UntracedCall): Draft {
  const line = file.lineAt(call.start);
  const what = `What ${subject} asks here is in no trace: nothing gives the traceparent to the call`;
  return {
    subject,
    what,
    evidence: [{ file: file.path, line, text: file.lines[line - 1]!.trim() }],
    severity: 'warning',
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
  const starters = new Set(
    tracingFiles(system, part).flatMap(({ path }) => (/trac|otel|telemetry|instrument|apm/i.test(path) ? [path] : [])),
  );
  return system.filesOf(part).flatMap((file) => {
    const early = ENTRY.test(file.path) && beforeStart(system, { file, starters, seen: new Set() });
    if (!early || early === 'started') return [];
    const what = `${part.name} loads ${early.specifier} before its tracing: what that does is in no trace`;
    return [
      {
        subject: part.name,
        what,
        evidence: [{ file: early.file.path, line: early.line, text: `import "${early.specifier}"` }],
        severity: 'warning' as const,
      },
    ];
  });
}

interface Loading {
  readonly file: ParsedFile;
  readonly starters: ReadonlySet<string>;
  readonly seen: Set<string>;
}

/** In the order in which modules are loaded: what should be traced and comes before the tracing starts. */
function beforeStart(system: System, loading: Loading): ResolvedImport | 'started' | undefined {
  const { file, starters, seen } = loading;
  seen.add(file.path);
  const loaded = system
    .importsOf(file)
    .filter(({ typeOnly }) => !typeOnly)
    .sort((one, other) => one.line - other.line);
  let early: ResolvedImport | undefined;
  for (const one of loaded) {
    const { target, specifier } = one;
    if (target.kind === 'own' && starters.has(target.path)) return early ?? 'started';
    if (INSTRUMENTED.test(specifier)) early ??= one;
    const next =
      target.kind === 'own' && isOfPart(system, file, target.path) ? system.program.fileAt(target.path) : undefined;
    if (!next || seen.has(next.path)) continue;
    const inner = beforeStart(system, { ...loading, file: next });
    if (inner) return early ?? inner;
  }
  return undefined;
}

/** Libraries are not looked into: they may trace by hand. */
const isOfPart = (system: System, file: ParsedFile, path: string): boolean =>
  system.partOf(file.path) === system.partOf(path);

const CARRIES =
  /propagation|traceparent|(?<!@)\binject\(|extract\(|opentelemetry|tracing\.|instrumentation|formatTraceparent/i;
const INJECTS = /(?<!@)\binject\(|set\(\s*['"]traceparent|formatTraceparent/i;
const EXTRACTS = /\bextract\(|get\(\s*['"]traceparent|\.traceparent|parseTraceparent/i;

/** Whether a file carries the trace in that direction; who only takes it out of what comes puts it into nothing. */
function carries(file: ParsedFile, kind: 'published' | 'consumed'): boolean {
  const text = file.lines.join('\n');
  const [own, other] = kind === 'published' ? [INJECTS, EXTRACTS] : [EXTRACTS, INJECTS];
  return CARRIES.test(text) && (own.test(text) || !other.test(text));
}

const AUTOMATIC = new RegExp(
  '^(@opentelemetry/(auto-instrumentations-node|instrumentation-(amqplib|kafkajs|aws-sdk|' +
    String.raw`nats|ioredis|redis[\w-]*))|@instana/.+|dd-trace|elastic-apm-node|newrelic|@azure/monitor-opentelemetry)`,
);
/** Brokers whose client no automatic instrumentation knows, or for which it makes spans and carries nothing. */
const NEVER_AUTOMATIC = /^(nats|node-nats-streaming|@nats-io\/.+|mqtt|redis|ioredis)$/;

/** Messages that leave without the trace, where nothing adds it by itself. */
function lostAtBroker(system: System, part: Part): Draft[] {
  const files = system.closureOf(part);
  const isAutomatic =
    files.some((file) => file.imports.some(({ specifier }) => AUTOMATIC.test(specifier))) ||
    [...part.dependencies].some((name) => AUTOMATIC.test(name));
  const uses = messageUses(system).filter(
    (use) =>
      use.part === part &&
      !(use.library === 'moleculer' && isTracedByMoleculer(system, part)) &&
      (!isAutomatic || NEVER_AUTOMATIC.test(use.library)),
  );
  const lost = uses.filter(({ file, raw, kind }) => !carries(file, kind) && !(raw && carries(raw.file, kind)));
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

const isServer = ({ module, path }: { readonly module: string; readonly path: readonly string[] }): boolean =>
  SERVERS.test(module)
    ? path.length === 0
    : /^node:https?$/.test(module) && /^create(Secure)?Server$/.test(path.at(-1) ?? '');

const MAKES_SPANS = /span|^trace/i;
const BY_ITSELF = /instrumentation|sdk-node|dd-trace|apm|newrelic|sentry|otel|applicationinsights|monitor/;

/** Where no instrumentation does it, a server has to make its spans itself. */
function byHand(system: System, part: Part): Draft[] {
  if (part.kind === 'gateway') return [];
  const files = system.closureOf(part);
  const tracers = files.flatMap((file) => file.imports.filter(({ specifier }) => TRACERS.test(specifier)));
  const isIdle = hasNoInstrumentation(files);
  if (!isIdle && tracers.some(({ specifier }) => BY_ITSELF.test(specifier))) return [];
  if (dockerStarts(system, part)) return [];
  return files.flatMap((file) =>
    callsIn(file).flatMap((call) => {
      const origin = system.program.originOf(file, call.callee as Node);
      if (origin.kind !== 'external' || !isServer(origin) || call.type !== 'CallExpression') return [];
      const [around] = functionsAround(file, call).toReversed();
      if (!around && !isIdle) return [];
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
