import { type Attributes, first } from './attributes.ts';
import { ADDRESS, databaseOf, queryOf } from './span-database.ts';

export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer';

/** A span of any format, as far as it is looked at. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string;
  readonly service: string;
  readonly name: string;
  readonly kind: SpanKind;
  /** Since 1970. */
  readonly startUs: number;
  readonly durationUs: number;
  readonly isError: boolean;
  /** Where a database is asked: its address and name; the name is empty where it is not told. */
  readonly database: string;
  /** The destination of a message. */
  readonly destination: string;
  /** The type of a message; empty where it is not told. */
  readonly messageType: string;
  /** Whom a client asks, by its own word. */
  readonly peer: string;
  /** The span that a consumer follows, in another trace or this one. */
  readonly link: { readonly traceId: string; readonly spanId: string } | undefined;
}

/** Unknown, deadline exceeded, exhausted, internal, unavailable, data loss. */
const GRPC_FAILURES = /^(2|4|8|13|14|15|UNKNOWN|DEADLINE_EXCEEDED|RESOURCE_EXHAUSTED|INTERNAL|UNAVAILABLE|DATA_LOSS)$/;

type Told = Pick<Span, 'name' | 'kind' | 'database' | 'destination' | 'messageType' | 'peer'>;

/** What a span tells, by the present and the former semantic conventions of OpenTelemetry. */
export function told(
  attributes: Attributes,
  { name, kind }: Pick<Span, 'name' | 'kind'>,
): Told & { isError: boolean | undefined } {
  const status = Number(first(attributes, ['http.response.status_code', 'http.status_code']) || 0);
  const grpc = first(attributes, ['rpc.grpc.status_code', 'rpc.response.status_code']);
  const flag = attributes.get('error');
  const isMarked = flag === true || flag === 'true' || attributes.has('error.type');
  // What refuses a request has answered it: the callee is well.
  const isRefusal = (status >= 400 && status < 500) || (grpc !== '' && !GRPC_FAILURES.test(grpc));
  const isError = isRefusal ? false : status >= 500 || grpc !== '' || isMarked || undefined;
  const database = databaseOf(attributes);
  return {
    name: database === '' ? nameOf(name, attributes) : queryOf(name, attributes),
    kind: kindBy(kind, attributes),
    database,
    destination: destinationOf(attributes),
    messageType: first(attributes, ['cloudevents.event_type', 'messaging.message.type']),
    peer: peerOf(attributes),
    isError,
  };
}

/** By the words of OpenTelemetry and OpenTracing, and of Brave and Sleuth. */
const DESTINATION = ['messaging.destination.name', 'messaging.destination', 'message_bus.destination'].concat([
  'kafka.topic',
  'rabbit.exchange',
  'rabbit.queue',
  'jms.queue',
  'jms.topic',
  'message/channel-name',
  'message.channel',
]);

const destinationOf = (attributes: Attributes): string => first(attributes, DESTINATION);

/** A proxy beside the caller tells whom it asks by its cluster, and as its peer who has asked it. */
const PROXIED = /^(?:outbound(?:_\.\d+_|\|\d+\|)[^|]*\|)?([\w.-]+)$/;

const peerOf = (attributes: Attributes): string =>
  (PROXIED.exec(first(attributes, ['upstream_cluster.name', 'upstream_cluster']))?.[1] ?? '') ||
  first(attributes, ['peer.service', 'service.peer.name', ...ADDRESS]) ||
  (/\/\/([^/:?]+)/.exec(first(attributes, ['url.full', 'http.url']))?.[1] ?? '');

const BARE_METHOD = /^(http[ _-]?)?(get|post|put|patch|delete|head|options|query)$/i;

export const isBareMethod = (name: string): boolean => BARE_METHOD.test(name);

/** A request that is named by its method alone is known by what it asks for. */
function nameOf(name: string, attributes: Attributes): string {
  if (!isBareMethod(name)) return name;
  const path =
    first(attributes, ['http.route', 'url.template', 'url.path', 'http.target', 'http.path']) ||
    (/\/\/[^/?]+([^?#]*)/.exec(first(attributes, ['url.full', 'http.url']))?.[1] ?? '');
  return path === '' ? name : `${name} ${path}`;
}

/** What only a message has: nobody answers by a topic. */
const OF_A_MESSAGE = ['kafka.topic', 'kafka.partition', 'kafka.offset', 'message/channel-name', 'message.channel'];

/**
 * What takes a message from a broker may be told as a call to it, or as an answer. What sends one stays a call: the
 * message has a span of its own, made before, which its consumer follows.
 */
function kindBy(kind: SpanKind, attributes: Attributes): SpanKind {
  if (kind !== 'client' && kind !== 'server') return kind;
  if (kind === 'server' && first(attributes, OF_A_MESSAGE) !== '') return 'consumer';
  if (first(attributes, ['faas.trigger']) === 'pubsub') return 'consumer';
  if (first(attributes, ['messaging.system']) === '') return kind;
  const operation = first(attributes, ['messaging.operation.type', 'messaging.operation', 'messaging.operation.name']);
  return /^(process|receive|deliver|poll)$/.test(operation) ? 'consumer' : kind;
}

/** Numbers, ids of hexadecimal digits, what has three digits or an `@`, and names of parameters. */
const VARIABLE = new RegExp(
  String.raw`/(\d+|[0-9a-f]{8,}|[0-9a-f]{8}-[0-9a-f-]{27}|(?:[^/?\s\d]*\d){3}[^/?\s]*|` +
    String.raw`[^/?\s%@]*[%@][^/?\s]*|:[\w-]+|\{[\w-]+\})(?=/|$|\?)`,
  'gi',
);

/** An operation without the ids in its address, so that the same one is the same. */
export const operationOf = (name: string): string => name.replace(/\?.*$/, '').replaceAll(VARIABLE, '/*');
