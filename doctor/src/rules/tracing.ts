import { isIdle } from '../facts/idle.ts';
import { leftOut } from '../facts/instrumentations.ts';
import { lateTracing } from '../facts/late-tracing.ts';
import { isTraced, startsAtOnce, tracingFiles, unusedMaker } from '../facts/tracing-start.ts';
import { withSources } from '../facts/unread.ts';
import { type UntracedCall, untracedCalls } from '../facts/untraced-calls.ts';
import type { Part } from '../model/layout.ts';
import type { CallSite } from '../model/program.ts';
import type { ResolvedImport, System } from '../model/system.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { droppedTraces } from './dropped-traces.ts';
import { lostAtBroker } from './lost-at-broker.ts';
import type { Draft, Judgement, Rule } from './rule.ts';
import { merge, NOTHING } from './rule.ts';
import { seenTracing } from './seen-tracing.ts';
import { switchedOff } from './switched-off-tracing.ts';
import { keptBack } from './traces-kept-back.ts';
import { untracedServers } from './untraced-servers.ts';

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
  judge: (model) => merge(model.system ? judge(model.system) : NOTHING, seenTracing(model)),
};

function judge(system: System): Judgement {
  const { parts, unknown } = withSources(system);
  const idle = parts.filter((part) => isIdle(system, part));
  const all = parts.filter((part) => !idle.includes(part));
  const traced = new Set(all.filter((part) => isTraced(system, part)));
  return {
    findings: [
      ...all.filter((part) => !traced.has(part)).map((part) => untraced(system, part)),
      ...[...traced].flatMap((part) => [
        ...lateStart(system, part),
        ...lateTracing(system, part).map((one) => startedLate(part, one)),
        ...lostTraces(system, part),
        ...switchedOff(system, part),
        ...untracedServers(system, part),
        ...unseen(system, part),
        ...untracedCalls(system, part).map((one) => untracedCall(part, one)),
      ]),
      ...keptBack(system),
    ],
    judged: all.map(({ name }) => name),
    unknown: [...unknown, ...idle.map(({ name }) => ({ subject: name, why: 'It answers and asks nobody.' }))],
  };
}

/** Between services, and in the outbox on the way there. */
function lostTraces(system: System, part: Part): Draft[] {
  const lost = lostAtBroker(system, part);
  return lost.length > 0 ? lost : droppedTraces(system, part);
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

/** What the instrumentation is told to leave out, and what it is not told to take in. */
function unseen(system: System, part: Part): Draft[] {
  const { name: subject } = part;
  const { requests, messages, calls } = leftOut(system, part);
  const place = (file: ParsedFile, line: number) => ({ file: file.path, line, text: file.lines[line - 1]!.trim() });
  const [use] = messages;
  const [call] = calls;
  return [
    ...requests.map(({ file, node }) => ({
      subject,
      what: `Requests to ${subject} are in no trace: its instrumentation leaves HTTP out`,
      evidence: [place(file, file.lineAt(node.start))],
    })),
    ...(use
      ? [
          {
            subject,
            what: `Messages of ${subject} travel without the trace: its instrumentation leaves their broker out`,
            evidence: [place(use.file, use.line)],
          },
        ]
      : []),
    ...(call && requests.length === 0
      ? [
          {
            subject,
            what: `What ${subject} asks by ${call.client} is in no trace: its instrumentation leaves that out`,
            evidence: [place(call.file, call.line)],
          },
        ]
      : []),
  ];
}

function untracedCall({ name: subject }: Part, { file, call }: UntracedCall): Draft {
  const line = file.lineAt(call.start);
  const what = `What ${subject} asks here is in no trace: nothing gives the traceparent to the call`;
  return {
    subject,
    what,
    evidence: [{ file: file.path, line, text: file.lines[line - 1]!.trim() }],
  };
}

function startedLate({ name: subject }: Part, { file, call }: CallSite): Draft {
  const line = file.lineAt(call.start);
  const what = `${subject} starts its tracing after its application is made: what that does is in no trace`;
  return { subject, what, evidence: [{ file: file.path, line, text: file.lines[line - 1]!.trim() }] };
}

const ENTRY = /(^|\/)(main|index|server|app|bootstrap|composition-root|start|www)\.[cm]?[jt]s$/;

function entryOf(system: System, part: Part): ParsedFile | undefined {
  const files = system.filesOf(part);
  const depth = ({ path }: ParsedFile): number => path.split('/').length;
  const listens = ({ lines }: ParsedFile): boolean => lines.some((line) => line.includes('.listen('));
  const named = files.filter(({ path }) => ENTRY.test(path)).sort((one, other) => depth(one) - depth(other));
  return named.find(listens) ?? named[0] ?? files.find(listens) ?? files[0];
}

const INSTRUMENTED = /^(express|fastify|koa|@nestjs\/core|pg|mysql2?|mongoose|mongodb|amqplib|kafkajs|ioredis|redis)$/;

/** What is loaded before the tracing is not traced. */
function lateStart(system: System, part: Part): Draft[] {
  const starters = new Set(
    tracingFiles(system, part).flatMap((file) =>
      /trac|otel|telemetry|instrument|apm/i.test(file.path) || startsAtOnce(file) ? [file.path] : [],
    ),
  );
  return system.filesOf(part).flatMap((file) => {
    const loaded = ENTRY.test(file.path) ? beforeStart(system, { file, starters, seen: new Set() }) : undefined;
    if (!loaded?.isStarted || !loaded.early) return [];
    const { early } = loaded;
    const what = `${part.name} loads ${early.specifier} before its tracing: what that does is in no trace`;
    return [
      {
        subject: part.name,
        what,
        evidence: [{ file: early.file.path, line: early.line, text: `import "${early.specifier}"` }],
      },
    ];
  });
}

interface Loading {
  readonly file: ParsedFile;
  readonly starters: ReadonlySet<string>;
  readonly seen: Set<string>;
}

interface Loaded {
  /** What should be traced, and came before the tracing. */
  readonly early: ResolvedImport | undefined;
  readonly isStarted: boolean;
}

/** In the order in which modules are loaded: what should be traced, until the tracing starts. */
function beforeStart(system: System, loading: Loading): Loaded {
  const { file, starters, seen } = loading;
  seen.add(file.path);
  const loaded = system
    .importsOf(file)
    .filter(({ typeOnly }) => !typeOnly)
    .sort((one, other) => one.line - other.line);
  let early: ResolvedImport | undefined;
  for (const one of loaded) {
    const { target, specifier } = one;
    if (target.kind === 'own' && starters.has(target.path)) return { early, isStarted: true };
    if (INSTRUMENTED.test(specifier)) early ??= one;
    const next =
      target.kind === 'own' && isOfPart(system, file, target.path) ? system.program.fileAt(target.path) : undefined;
    if (!next || seen.has(next.path)) continue;
    const inner = beforeStart(system, { ...loading, file: next });
    early ??= inner.early;
    if (inner.isStarted) return { early, isStarted: true };
  }
  return { early, isStarted: false };
}

/** Libraries are not looked into: they may trace by hand. */
const isOfPart = (system: System, file: ParsedFile, path: string): boolean =>
  system.partOf(file.path) === system.partOf(path);
