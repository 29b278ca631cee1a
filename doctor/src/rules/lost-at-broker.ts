import type { Node } from 'oxc-parser';
import { isDatabaseCall } from '../facts/effects.ts';
import { loadedFiles } from '../facts/loaded.ts';
import { kindOf, type MessageUse, messageUses } from '../facts/messages.ts';
import { clientOf } from '../facts/outbound.ts';
import { isReached } from '../facts/reached.ts';
import { isTracedByMoleculer } from '../facts/tracing-start.ts';
import type { Part } from '../model/layout.ts';
import type { FunctionAt } from '../model/origin.ts';
import { type CallSite, callsIn } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { ancestorsOf, contains, functionsAround, pathOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import type { Draft } from './rule.ts';

const CARRIES =
  /propagation|traceparent|(?<!@)\binject\(|extract\(|opentelemetry|tracing\.|instrumentation|formatTraceparent/i;
const INJECTS = /(?<!@)\binject\(|set\(\s*['"]traceparent|formatTraceparent/i;
const EXTRACTS = /\bextract\(|get\(\s*['"]traceparent|\.traceparent|parseTraceparent/i;

/** Whether a file carries the trace in that direction; who only takes it out of what comes puts it into nothing. */
function carries(file: ParsedFile, kind: 'published' | 'consumed'): boolean {
  const text = file.lines.join('\n');
  const [own, other] = kind === 'published' ? [INJECTS, EXTRACTS] : [EXTRACTS, INJECTS];
  // Who uses the tracer itself has to do it itself as well.
  const isByItself = !/@opentelemetry\/api/.test(text) || /instrumentation/.test(text);
  return CARRIES.test(text) && (own.test(text) || (isByItself && !other.test(text)));
}

/** What a service puts off for itself is a job; what another one does with it is a message. */
const goesToOthers = (system: System, { part, topic }: MessageUse): boolean =>
  messageUses(system).some((one) => /^bull/.test(one.library) && one.part !== part && (one.topic ?? topic) === topic);

/** What only changes something in the process that hears it is the last hop, and asks nobody further. */
const endsHere = (system: System, handler: FunctionAt): boolean => {
  const reached = system.program.callsReachedFrom(handler, 4);
  const goesOn = (site: CallSite): boolean =>
    isDatabaseCall(system, site) ||
    clientOf(system, site) !== undefined ||
    kindOf(system, site) !== undefined ||
    (system.program.calleesOf(site).length === 0 && MAY_GO_ON.test(pathOf(site.call.callee as Node).at(-1)!));
  return reached.length > 0 && !reached.some(goesOn);
};

/** By which names anybody unknown may ask somebody else. */
const MAY_GO_ON = new RegExp(
  String.raw`^(\*|query|exec|save|insert|update|create|upsert|write|send|publish|emit|fetch|request|post|put|patch|` +
    String.raw`enqueue|run|handle|process|dispatch|work|effect|react|apply|perform|on[A-Z](?!\w*(Failure|Error)))`,
);

const CARRIER = /\btrace(parent|_?context|_?headers)?\b|\bcarrier\b|propagation/i;

/** What is kept beside a message until it is sent: `{ payload, trace: event.trace }`, also where that has a name. */
function handsOn({ file, call }: CallSite): boolean {
  const given = call.arguments as readonly Node[];
  if (given.some((one) => CARRIER.test(file.textOf(one)))) return true;
  const [around] = functionsAround(file, call);
  const names = file.all('Identifier').filter((one) => given.some((argument) => contains(argument, one)));
  const filled = new Set(names.map(({ name }) => name));
  return file
    .all('Identifier')
    .some(
      (one) =>
        filled.has(one.name) &&
        !!around &&
        contains(around, one) &&
        !contains(call, one) &&
        CARRIER.test(file.textOf(statementAround(file, one, around))),
    );
}

/** The statement of a function, or of a block of it, in which a name stands; of a loop what it goes through as well. */
function statementAround(file: ParsedFile, node: Node, within: Node): Node {
  const outer = ancestorsOf(file, node).filter((one) => one !== within && contains(within, one));
  return (
    outer.find(({ type }) => /^For\w*Statement$/.test(type)) ?? outer.find(({ type }) => STATEMENT.test(type)) ?? node
  );
}

const STATEMENT = /^(ExpressionStatement|VariableDeclaration)$/;

/** Whether a file puts the trace into what it keeps, and not only by a function that nobody calls. */
function puts(system: System, files: readonly ParsedFile[], file: ParsedFile): boolean {
  if (!INJECTS.test(file.lines.join('\n'))) return false;
  const calls = callsIn(file).filter((call) => pathOf(call.callee as Node).at(-1) === 'inject');
  return calls.length === 0 || calls.some((node) => isReached(system, files, { file, node }));
}

const AUTOMATIC = new RegExp(
  '^(@opentelemetry/(auto-instrumentations-node|instrumentation-(amqplib|kafkajs|aws-sdk|' +
    String.raw`nats|ioredis|redis[\w-]*))|opentelemetry-instrumentation-(amqplib|kafkajs)|@instana/.+|` +
    'dd-trace|elastic-apm-node|newrelic|@azure/monitor-opentelemetry)',
);
/** Brokers whose client no automatic instrumentation knows, or for which it makes spans and carries nothing. */
const NEVER_AUTOMATIC = /^(nats|node-nats-streaming|@nats-io\/.+|mqtt|redis|ioredis|bullmq|bull)$/;
/** What others have written for these. */
const FOR_QUEUES = /bullmq?-otel|instrumentation-bull|bullmq-telemetry/;
/** Which a queue has to be handed, so that to have it is not to use it. */
const BY_OPTION = /^bullmq-otel$/;

/** Messages that leave without the trace, where nothing adds it by itself. */
export function lostAtBroker(system: System, part: Part): Draft[] {
  const files = loadedFiles(system, part);
  const isAutomatic =
    files.some((file) => file.imports.some(({ specifier }) => AUTOMATIC.test(specifier))) ||
    [...part.dependencies].some((name) => AUTOMATIC.test(name));
  const isTracedQueue =
    files.some((file) => file.imports.some(({ specifier }) => FOR_QUEUES.test(specifier))) ||
    [...part.dependencies].some((name) => FOR_QUEUES.test(name) && !BY_OPTION.test(name));
  const uses = messageUses(system).filter(
    (use) =>
      use.part === part &&
      !(use.library === 'moleculer' && isTracedByMoleculer(system, part)) &&
      (!isAutomatic || NEVER_AUTOMATIC.test(use.library)) &&
      !(/^bull/.test(use.library) && (isTracedQueue || !goesToOthers(system, use))),
  );
  const lost = uses.filter(
    ({ file, raw, kind, handler }) =>
      !(handler && endsHere(system, handler)) &&
      !carries(file, kind) &&
      !(raw && carries(raw.file, kind)) &&
      !(raw && handsOn(raw) && files.some((one) => puts(system, files, one))),
  );
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
    },
  ];
}
