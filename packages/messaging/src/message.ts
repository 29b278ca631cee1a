import { formatTraceparent, nextSpan, parseTraceparent, type RequestContext } from '@ashlar/telemetry';
import type { Contract, Data } from './contract.ts';

/** A message on its way: CloudEvents 1.0, structured JSON, with the documented extensions. */
export interface Message<D = unknown> {
  readonly specversion: '1.0';
  readonly id: string;
  /** `/services/order` */
  readonly source: string;
  readonly type: string;
  /** The key: messages of one (source, channel, key) are handled in the order of their sequence. */
  readonly subject: string;
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly dataschema: string;
  readonly partitionkey: string;
  /** Dense per source, channel and key, from 1; 20 digits. */
  readonly sequence: string;
  readonly traceparent: string;
  readonly tracestate?: string;
  readonly correlationid: string;
  readonly causationid?: string;
  readonly data: D;
}

/** A message before it is stored: what to say, and under which key; one without order takes its own id as key. */
export interface Outgoing<C extends Contract = Contract> {
  readonly contract: C;
  readonly key?: string;
  readonly data: Data<C>;
  /** Of one type and key only the last of a transaction is said: it tells how things stand, not what has happened. */
  readonly isLatest?: true;
}

export const outgoing = <C extends Contract>(contract: C, key: string, data: Data<C>): Outgoing<C> => ({
  contract,
  key,
  data,
});

/** A message that tells how things stand: in a transaction it takes the place of those said of the same key before. */
export const latest = <C extends Contract>(contract: C, key: string, data: Data<C>): Outgoing<C> => ({
  contract,
  key,
  data,
  isLatest: true,
});

/** A message that is in no order with any other. */
export const unordered = <C extends Contract>(contract: C, data: Data<C>): Outgoing<C> => ({ contract, data });

/** What a message carries besides its data; stored with the outbox row. */
export interface MessageContext {
  readonly traceparent: string;
  readonly tracestate?: string;
  readonly correlationid: string;
  readonly causationid?: string;
}

export const toMessageContext = ({ trace, correlationId, causationId }: RequestContext): MessageContext => ({
  traceparent: formatTraceparent(trace),
  ...(trace.traceState && { tracestate: trace.traceState }),
  correlationid: correlationId,
  ...(causationId && { causationid: causationId }),
});

/** The context in which a message is handled: what follows from it is caused by it. */
export function contextOf(message: Message): RequestContext {
  const trace = parseTraceparent(message.traceparent, message.tracestate) ?? nextSpan();
  return { trace, correlationId: message.correlationid, causationId: message.id };
}

export interface OutboxRow {
  readonly position: number;
  readonly id: string;
  readonly channel: string;
  readonly key: string;
  readonly sequence: number;
  readonly type: string;
  readonly time: string;
  readonly data: unknown;
  readonly context: MessageContext;
}

export const schemaOf = (type: string): string => `urn:ashlar:schema:${type}`;

export const toMessage = (source: string, row: Omit<OutboxRow, 'position' | 'channel'>): Message => ({
  specversion: '1.0',
  id: row.id,
  source,
  type: row.type,
  subject: row.key,
  time: row.time,
  datacontenttype: 'application/json',
  dataschema: schemaOf(row.type),
  partitionkey: row.key,
  sequence: String(row.sequence).padStart(20, '0'),
  ...row.context,
  data: row.data,
});

export const sequenceOf = (message: Message): number => Number(message.sequence);

/** What tells a message from the others of its line. */
export const numberOf = (message: Message) => ({ sequence: sequenceOf(message), id: message.id });

/** One message with the channel that it travels on. */
export interface Parcel {
  readonly channel: string;
  readonly message: Message;
}
