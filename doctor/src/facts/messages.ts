import type { Node } from 'oxc-parser';
import type { Part } from '../model/layout.ts';
import type { FunctionAt, Origin } from '../model/origin.ts';
import { type CallSite, callsIn } from '../model/program.ts';
import { perSystem, type System } from '../model/system.ts';
import { valueNode } from '../model/texts.ts';
import { type AnyCall, classAround, decoratorsOf, nameOf, pathOf, property } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { CONSUME, PUBLISH } from './brokers.ts';
import { handedReactions } from './handed-reactions.ts';
import { type ClassAt, filledIn } from './inherited.ts';
import { handlerOf } from './message-handlers.ts';
import { eventOf, heardBy, schemas } from './moleculer.ts';
import { decorated } from './nest-consumers.ts';
import { isRegistering } from './registries.ts';
import { type Lifted, lifted, reactionsIn } from './topics.ts';

/** A message that a part sends or hears, by the code of a broker's client. */
export interface MessageUse {
  readonly part: Part;
  readonly file: ParsedFile;
  readonly node: Node;
  readonly line: number;
  readonly kind: 'published' | 'consumed';
  readonly library: string;
  /** Its topic, subject, pattern or queue; undefined where it is only known when it runs. */
  readonly topic: string | undefined;
  readonly handler: FunctionAt | undefined;
  /** The call of the client itself, where a wrapper is around it. */
  readonly raw: CallSite | undefined;
  /** What is around the handler, and may remember for it: `once(handle)`. */
  readonly wrapper?: FunctionAt;
  /** Whether a kit keeps it, which hears it once somebody starts that. */
  readonly isRegistered?: boolean;
}

/** A bus of one's own, or one whose type is not known, by its name. */
const BUS_NAME =
  /(bus|broker|publisher|producer|messag\w*|events?(Client)?|channel|kafka|rabbit|nats|amqp|jetstream)$/i;
const IN_PROCESS: ReadonlySet<string> = new Set(['@nestjs/cqrs', '@nestjs/event-emitter', 'node:events', 'events']);
const PUBLISH_NAMES = /^(publish|publishEvent|publishAsync|sendToQueue|produce|emitEvent|dispatchEvent)$/;
const CONSUME_NAMES = /^(subscribe|consume|onEvent|addConsumer|bindQueue)$/;

/** Everything that parts publish and consume, also by wrappers around a broker's client. */
export const messageUses = perSystem((system: System): readonly MessageUse[] => {
  const found = system.program.files.flatMap((file) => callsIn(file).flatMap((call) => useOf(system, { file, call })));
  // What calls itself again is one use.
  const called = new Map(found.map((one) => [keyOf(one), one])).values();
  const methods = [...system.services, ...system.gateways].flatMap((part) =>
    system.filesOf(part).flatMap((file) => decorated(system, part, file)),
  );
  return [...called, ...methods, ...heardInSchemas(system)];
});

function useOf(system: System, site: CallSite): MessageUse[] {
  const event = eventOf(system, site);
  if (event) return toldBy(system, site, event);
  const kind = kindOf(system, site);
  if (!kind) return [];
  const library = libraryOf(system, site);
  return (isQueue(library) ? [queueOf(system, site)] : topicNodes(site, library)).flatMap((topic) =>
    lifted(system, { ...site, topic })
      .flatMap(withReactions(system, site, { kind, library }))
      .map(({ file, call, text, owner, handler, wrapper, isRegistered }) => ({
        part: system.partOf(file.path)!,
        file,
        node: call,
        line: file.lineAt(call.start),
        kind,
        library,
        topic: kind === 'consumed' && AWS.test(library) ? undefined : text,
        handler: kind === 'consumed' ? (handler ?? handledBy(system, { file, call }, { site, owner })) : undefined,
        raw: site,
        ...(isRegistered && { isRegistered }),
        ...(wrapper && { wrapper }),
      })),
  );
}

/** What a queue is asked for besides its name: `reactTo('orders', { reactions: { 'stock.held': confirm } })`. */
const withReactions =
  (system: System, site: CallSite, { kind, library }: Pick<MessageUse, 'kind' | 'library'>) =>
  (one: Lifted): Lifted[] => {
    if (kind !== 'consumed' || one.file === site.file || one.handler) return [one];
    if (isQueue(library) || AWS.test(library))
      return [one, ...reactionsIn(system, one).map((row) => ({ ...one, ...row }))];
    const all = handedReactions(system, one);
    return all.length > 0 ? all.map(({ handler, wrapper }) => ({ ...one, handler, wrapper })) : [one];
  };

const keyOf = ({ file, node, kind, topic, raw, handler }: MessageUse): string =>
  [file.path, node.start, kind, topic, raw?.call.start, handler?.file.path, handler?.node.start].join(' ');

/** What a service of Moleculer tells. */
const toldBy = (system: System, site: CallSite, topic: Node): MessageUse[] =>
  lifted(system, { ...site, topic }).map(({ file, call, text }) => ({
    part: system.partOf(file.path)!,
    file,
    node: call,
    line: file.lineAt(call.start),
    kind: 'published',
    library: 'moleculer',
    topic: text,
    handler: undefined,
    raw: site,
  }));

/** What services of Moleculer hear. */
const heardInSchemas = (system: System): MessageUse[] =>
  schemas(system).flatMap((schema) =>
    heardBy(schema).map(({ topic, node, handler }): MessageUse => {
      const { part, file } = schema;
      const line = file.lineAt(node.start);
      const run = handler && { file, node: handler };
      return { part, file, node, line, kind: 'consumed', library: 'moleculer', topic, handler: run, raw: undefined };
    }),
  );

interface Heard {
  readonly site: CallSite;
  readonly owner: ClassAt | undefined;
}

/** What the class does in the place that its base class leaves open; else the function that the call is given. */
function handledBy(system: System, place: CallSite, { site, owner }: Heard): FunctionAt | undefined {
  const base = owner && classAround(site.file, site.call);
  return (base && filledIn(owner, { file: site.file, node: base })) ?? handlerOf(system, place);
}

/** The library of a broker by which a call is made. */
export function libraryOf({ program }: System, { file, call }: CallSite): string {
  const origin = program.originOf(file, call.callee as Node);
  if (origin.kind === 'external') return origin.module;
  const isAdding = PUBLISH['bullmq']!.includes(pathOf(call.callee as Node).at(-1)!);
  return (isAdding ? queueLibrary(file) : undefined) ?? 'a bus';
}

const queueLibrary = (file: ParsedFile): string | undefined =>
  file.imports.find(({ specifier }) => isQueue(specifier))?.specifier;

interface Asked {
  readonly origin: Origin;
  readonly method: string;
  readonly receiver: Node;
}

/** `queue.add(…)` of a queue that is taken out of a table of them, in a file that knows BullMQ. */
const isQueueByName = (file: ParsedFile, { origin, method, receiver }: Asked): boolean =>
  origin.kind === 'unknown' &&
  PUBLISH['bullmq']!.includes(method) &&
  /queue$/i.test(pathOf(receiver).at(-1)!) &&
  queueLibrary(file) !== undefined;

/** Whether a call publishes or subscribes with a broker's client, or with a bus of this repository's own. */
export function kindOf({ program }: System, { file, call }: CallSite): MessageUse['kind'] | undefined {
  if (isWorker(program, { file, call })) return 'consumed';
  if (call.type !== 'CallExpression' || call.callee.type !== 'MemberExpression') return undefined;
  const method = nameOf(call.callee.property as Node) ?? '';
  const receiver = call.callee.object as Node;
  const origin = program.originOf(file, receiver);
  if (origin.kind === 'external') {
    if (AWS.test(origin.module)) return method === 'send' ? commandOf(call) : undefined;
    if (isPullConsumer(origin.module, { method, receiver })) return 'consumed';
    // What such a consumer hears is told where it is added.
    if (
      method === 'consume' &&
      /nats/.test(origin.module) &&
      file.lines.some((line) => line.includes('filter_subject'))
    )
      return undefined;
    if (PUBLISH[origin.module]?.includes(method)) return 'published';
    if (CONSUME[origin.module]?.includes(method)) return 'consumed';
    return undefined;
  }
  // Only Redis has a method of that name, whoever hands the client in.
  if (isQueueByName(file, { origin, method, receiver }) || (origin.kind === 'unknown' && method === 'xadd'))
    return 'published';
  if (IN_PROCESS.has(origin.kind === 'global' ? origin.path[0]! : '')) return undefined;
  if (call.arguments.length === 0 || !BUS_NAME.test(pathOf(receiver).at(-1)!.replace(/^#/, ''))) return undefined;
  const run = program.originOf(file, call.callee as Node);
  if (isOwnWrapper(run) || (run.kind === 'functions' && run.all.every((one) => isRegistering(one.file, one.node))))
    return undefined;
  if (PUBLISH_NAMES.test(method)) return 'published';
  return CONSUME_NAMES.test(method) ? 'consumed' : undefined;
}

/** `manager.consumers.add('ORDERS', { filter_subject: 'order.placed' })` of JetStream. */
const isPullConsumer = (module: string, { method, receiver }: Pick<Asked, 'method' | 'receiver'>): boolean =>
  /^(nats|@nats-io\/.+)$/.test(module) && method === 'add' && pathOf(receiver).at(-1) === 'consumers';

const AWS = /^@aws-sdk\/client-(sns|sqs|eventbridge)$/;

/** `client.send(new PublishCommand({ TopicArn, … }))`: the command says what is done. */
function commandOf(call: AnyCall): MessageUse['kind'] | undefined {
  const [command] = call.arguments as readonly Node[];
  const name = command?.type === 'NewExpression' ? pathOf(command.callee).at(-1)! : '';
  if (/^(Publish(Batch)?|SendMessage(Batch)?|PutEvents)Command$/.test(name)) return 'published';
  return name === 'ReceiveMessageCommand' ? 'consumed' : undefined;
}

/** Which topics a queue is subscribed to is told outside of the code: what comes from one may be anything. */
function addressedTo(command: Node, method: string): Node | undefined {
  if (command.type !== 'NewExpression' || method !== 'send') return undefined;
  const [options] = command.arguments as readonly Node[];
  return property(options, 'TopicArn') ?? property(options, 'QueueUrl');
}

/** Whose queues, and senders and receivers, are made by their names. */
const isQueue = (library: string): boolean => /^(bullmq|bull|bee-queue|@azure\/service-bus)$/.test(library);

/** `new Worker('emails', send)` of BullMQ. */
function isWorker(program: System['program'], { file, call }: CallSite): boolean {
  if (call.type !== 'NewExpression') return false;
  const origin = program.originOf(file, call.callee as Node);
  return origin.kind === 'external' && origin.module === 'bullmq' && origin.path.at(-1) === 'Worker';
}

/** `client.createSender('orders')` */
const MAKES_ENDS = /^create(Sender|Receiver)$/;

/** The name of a queue: where it was made, or by which Nest hands it in. */
function queueOf({ program }: System, { file, call }: CallSite): Node | undefined {
  if (call.type === 'NewExpression') return call.arguments[0] as Node;
  const receiver = (call.callee as Extract<Node, { type: 'MemberExpression' }>).object as Node;
  const made = valueNode(program, file, receiver)?.node;
  const isMade =
    made?.type === 'NewExpression' || (made?.type === 'CallExpression' && MAKES_ENDS.test(pathOf(made).at(-1)!));
  if (isMade) return made.arguments[0] as Node;
  const name = pathOf(receiver).at(-1);
  for (const property of file.all('TSParameterProperty')) {
    if (nameOf(property.parameter as Node) !== name) continue;
    const injected = decoratorsOf(property as unknown as Node).find((one) => one.name === 'InjectQueue');
    if (injected) return injected.args[0];
  }
  return undefined;
}

/** A function of this repository is looked into, and not taken for a broker's client by its name. */
const isOwnWrapper = (origin: ReturnType<System['program']['originOf']>): boolean =>
  origin.kind === 'functions' && origin.all.some(({ file, node }) => hasBrokerCall(file, node));

function hasBrokerCall(file: ParsedFile, node: Node): boolean {
  const inside = callsIn(file).filter((call) => node.start <= call.start && call.end <= node.end);
  return inside.some((call) => {
    const name = pathOf(call.callee as Node).at(-1)!;
    return /^(publish|send|sendToQueue|emit|produce|subscribe|consume)$/.test(name);
  });
}

/** What names the topics of a call. */
export function topicNodes({ file, call }: CallSite, library: string): (Node | undefined)[] {
  const args = call.arguments as readonly Node[];
  const method = pathOf(call.callee as Node).at(-1)!;
  if (/^xread(group)?$/i.test(method)) return streamsOf(args);
  const filtered = property(args[1], 'filter_subject') ?? property(args[1], 'filter_subjects');
  if (method === 'add' && filtered) return [filtered];
  if (args[0] && AWS.test(library)) return [addressedTo(args[0], method)];
  if (args[0]?.type === 'ObjectExpression') {
    return [property(args[0], 'topic') ?? property(args[0], 'topics') ?? property(args[0], 'type')];
  }
  if (/amqp|bus|rabbit/.test(library) && (method === 'publish' || method === 'bindQueue') && args.length > 2) {
    const [exchange, key] = method === 'publish' ? [args[0], args[1]] : [args[1], args[2]];
    const isEmpty = !key || file.textOf(key).length <= 2;
    return [isEmpty ? exchange : key];
  }
  return [args[0]];
}

/** `xreadgroup('GROUP', …, 'STREAMS', 'orders', '>')`, and `xReadGroup(…, { key: 'orders', id: '>' })`. */
function streamsOf(args: readonly Node[]): (Node | undefined)[] {
  const at = args.findIndex((one) => one.type === 'Literal' && /^streams$/i.test(String(one.value)));
  if (at >= 0)
    return args
      .slice(at + 1, at + 1 + Math.ceil((args.length - at - 1) / 2))
      .map((one) => (one.type === 'SpreadElement' ? (one.argument as Node) : one));
  const keyed = args.flatMap((one) => (one.type === 'ArrayExpression' ? (one.elements as readonly Node[]) : [one]));
  const keys = keyed.flatMap((one) => property(one, 'key') ?? []);
  return keys.length > 0 ? keys : [undefined];
}
