import type { Node } from 'oxc-parser';
import type { Part } from '../model/layout.ts';
import { callsIn } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { valueNode } from '../model/texts.ts';
import { nameOf, pathOf, property } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { type MessageUse, messageUses } from './messages.ts';
import { type Outbound, outboundCalls } from './outbound.ts';
import { routesIn } from './routes.ts';
import { tracingFiles } from './tracing-start.ts';
import { putsInto } from './transactions.ts';

/** What a part is told to make spans of, where its text names that one by one, or what it leaves out. */
export interface Instrumentation {
  readonly file: ParsedFile;
  readonly node: Node;
  /** Whether spans are made of what a library does: `http`, `kafkajs`. */
  covers(library: string): boolean;
}

/** Nothing where anything of it is put together when it runs. */
export function instrumentationOf(system: System, part: Part): Instrumentation | undefined {
  const lists = tracingFiles(system, part).flatMap((file) =>
    callsIn(file).flatMap((call) => {
      const isTold = /^(NodeSDK|registerInstrumentations)$/.test(pathOf(call.callee as Node).at(-1)!);
      const told = isTold ? property(call.arguments[0] as Node, 'instrumentations') : undefined;
      return told ? [{ file, node: told }] : [];
    }),
  );
  const [only] = lists;
  if (lists.length !== 1 || !only) return undefined;
  const all = covered(system, only.file, only.node);
  return all?.length ? { ...only, covers: (library) => all.some((covers) => covers(library)) } : undefined;
}

type Covers = (library: string) => boolean;

function covered(system: System, file: ParsedFile, given: Node): Covers[] | undefined {
  const found = valueNode(system.program, file, given);
  if (!found) return undefined;
  const { file: home, node } = found;
  if (node.type === 'ArrayExpression') {
    const all = (node.elements as readonly (Node | null)[]).map((one) =>
      one ? covered(system, home, one.type === 'SpreadElement' ? one.argument : one) : undefined,
    );
    return all.every((one) => one !== undefined) ? all.flat() : undefined;
  }
  if (node.type === 'NewExpression') {
    const name = /^(\w+)Instrumentation$/.exec(pathOf(node.callee).at(-1)!)?.[1]?.toLowerCase();
    return name === undefined ? undefined : [(library) => name === library];
  }
  if (node.type !== 'CallExpression' || pathOf(node.callee).at(-1) !== 'getNodeAutoInstrumentations') return undefined;
  const [options] = node.arguments as readonly Node[];
  if (options && options.type !== 'ObjectExpression') return undefined;
  const off = options?.properties.flatMap((entry) => {
    const [, name] = entry.type === 'Property' ? (FULL_NAME.exec(nameOf(entry.key) ?? '') ?? []) : [];
    return name && entry.type === 'Property' && isOff(entry.value as Node) ? [name] : [];
  });
  // The one of Fastify itself is no part of that.
  return [(library) => library !== 'fastifyotel' && !off?.includes(library)];
}

const FULL_NAME = /^@opentelemetry\/instrumentation-([\w-]+)$/;

const isOff = (options: Node): boolean => {
  const enabled = property(options, 'enabled');
  return enabled?.type === 'Literal' && enabled.value === false;
};

/** What is asked or told by a library of which no spans are made. */
export interface LeftOut {
  readonly requests: readonly Instrumentation[];
  readonly messages: readonly MessageUse[];
  readonly calls: readonly Outbound[];
}

const OF_BROKERS: Readonly<Record<string, string>> = {
  kafkajs: 'kafkajs',
  amqplib: 'amqplib',
  'amqp-connection-manager': 'amqplib',
  '@golevelup/nestjs-rabbitmq': 'amqplib',
  RabbitSubscribe: 'amqplib',
  RabbitRPC: 'amqplib',
};
const BY_HAND = /\bstart(Active)?Span\(|traceparent|propagation\.(inject|extract)\(/;

const TRANSPORTS: Readonly<Record<string, string>> = { KAFKA: 'kafkajs', RMQ: 'amqplib', REDIS: 'ioredis' };

/** By which client Nest's microservices send and hear: `Transport.KAFKA`. */
function transportOf(system: System, { part, library }: MessageUse): string | undefined {
  if (library !== 'EventPattern' && library !== '@nestjs/microservices') return undefined;
  const text = system
    .closureOf(part)
    .map(({ lines }) => lines.join('\n'))
    .join('\n');
  const named = new Set([...text.matchAll(/\bTransport\.(\w+)/g)].map(([, name]) => name!));
  return named.size === 1 ? TRANSPORTS[[...named][0]!] : undefined;
}

/** Which library of a broker's client a message goes through. */
export const brokerOf = (system: System, use: MessageUse): string | undefined =>
  OF_BROKERS[use.library] ?? transportOf(system, use);

/** What the instrumentation of a part leaves out, and nothing does by hand. */
export function leftOut(system: System, part: Part): LeftOut {
  const told = instrumentationOf(system, part);
  const byHand = system.closureOf(part).filter(({ lines }) => BY_HAND.test(lines.join('\n')));
  // Who carries the trace in messages makes no spans of requests by that.
  const ofMessages = new Set(messageUses(system).flatMap(({ file, raw }) => [file, raw?.file]));
  const isByHand = byHand.some((file) => !ofMessages.has(file) && putsInto(system, file).length === 0);
  if (!told || isByHand) return { requests: [], messages: [], calls: [] };
  const answers = system.filesOf(part).some((file) => (routesIn(system).get(file) ?? []).length > 0);
  const isCovered = (library: string | undefined): boolean => library === undefined || told.covers(library);
  return {
    requests: answers && !told.covers('http') && !told.covers('fastifyotel') ? [told] : [],
    messages: messageUses(system).filter(
      (use) => use.part === part && byHand.length === 0 && !isCovered(brokerOf(system, use)),
    ),
    calls: outboundCalls(system).filter((one) => one.part === part && !isCovered(clientLibrary(one))),
  };
}

/** What Node's own `fetch` does, undici does. */
const clientLibrary = ({ client }: Outbound): string | undefined =>
  /^(fetch|undici)$/.test(client) ? 'undici' : /^(moleculer|gRPC|nats|@nats|Client)/.test(client) ? undefined : 'http';
