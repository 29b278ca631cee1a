import type { Clock, Ids } from '@ashlar/domain';
import { type Database, RANK, type Statement, unfitName, unstorable, type WriteBuffer } from '@ashlar/postgres';
import { contextOrNew, currentContext, type OpenSpan, type Tracing } from '@ashlar/telemetry';
import { type Contract, violation } from './contract.ts';
import { type MessageContext, type OutboxRow, type Outgoing, toMessageContext } from './message.ts';

/** Where a service leaves what it has to tell others; repositories call it inside the aggregate's transaction. */
export interface Outbox {
  add(messages: readonly Outgoing[]): Promise<void>;
}

export interface OutboxOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Gets the rows of each transaction once it is known to be committed: the fast path. */
  readonly onCommitted: (rows: readonly OutboxRow[]) => void;
  /** Tells how long each message waits for its commit; what follows from the message follows from that span. */
  readonly tracing?: Tracing;
}

/** A message that has its identity, and gets its number at the end of the transaction. */
export interface Draft {
  readonly id: string;
  readonly channel: string;
  readonly key: string;
  readonly type: string;
  readonly time: string;
  readonly data: unknown;
  readonly context: MessageContext;
  readonly isLatest?: true;
}

/** What is left to be said of the drafts of a transaction: of those that tell how things stand, the last. */
export function withoutOutdated<D extends Draft>(drafts: readonly D[]): D[] {
  const last = new Map(drafts.flatMap((one) => (one.isLatest ? [[`${one.type}\n${one.key}`, one]] : [])));
  return drafts.filter((one) => !one.isLatest || last.get(`${one.type}\n${one.key}`) === one);
}

/** One message: no JSON to take apart, and half the work of the database. */
const STORE_ONE = `
  with counter as (
    insert into outbox_keys (channel, key, sequence) values ($2, $3, 1)
    on conflict (channel, key) do update set sequence = outbox_keys.sequence + 1
    returning sequence
  )
  insert into outbox (id, channel, key, sequence, type, time, data, context)
  select $1, $2, $3, sequence, $4, $5, $6, $7 from counter
  returning position, sequence`;

/**
 * One statement draws the dense sequences, in the order of their keys, and writes the rows; it is the last of its
 * transaction.
 */
const STORE_MANY = `
  with incoming as (
    select * from json_to_recordset($1) as m
      (n int, ordinal int, id uuid, channel text, key text, type text, time timestamptz, data jsonb, context jsonb)
  ), lengths as (
    select channel, key, max(ordinal) as length from incoming group by channel, key
  ), counters as (
    insert into outbox_keys (channel, key, sequence)
    select channel, key, length from lengths order by channel, key
    on conflict (channel, key) do update set sequence = outbox_keys.sequence + excluded.sequence
    returning channel, key, sequence
  )
  insert into outbox (id, channel, key, sequence, type, time, data, context)
  select id, channel, key, sequence - length + ordinal, type, time, data, context
  from incoming join lengths using (channel, key) join counters using (channel, key)
  order by n
  returning position, sequence`;

interface DraftOptions extends Pick<OutboxOptions, 'clock' | 'ids'> {
  /** The context of each message; that of the caller when not told. */
  readonly contextFor?: (contract: Contract) => MessageContext;
}

/**
 * Gives messages their identity and the context in which they are said. Throws if the data breaks its contract: better
 * here, at its source, than at every consumer.
 */
export function draft(messages: readonly Outgoing[], { clock, ids, contextFor }: DraftOptions): Draft[] {
  const ambient = contextFor ? undefined : toMessageContext(contextOrNew());
  const time = clock.now().toISOString();
  return messages.map(({ contract, key, data, isLatest }) => {
    const wrong = violation(contract, data);
    if (wrong) throw new TypeError(`${contract.type}: ${wrong}`);
    const unfit = (key !== undefined && unfitName(key)) || undefined;
    if (unfit) throw new TypeError(`${contract.type}: its key ${unfit}; a message needs a key, or none at all.`);
    const unkept = unstorable(data);
    if (unkept) throw new TypeError(`${contract.type}: ${unkept}`);
    if (contract.key !== undefined && key !== (data as Readonly<Record<string, unknown>>)[contract.key])
      throw new TypeError(`${contract.type}: its key is its ${contract.key}, and not ${key ?? 'its own id'}.`);
    const id = ids.next();
    return {
      id,
      channel: contract.channel,
      key: key ?? id,
      type: contract.type,
      time,
      data,
      context: ambient ?? contextFor!(contract),
      ...(isLatest && { isLatest }),
    };
  });
}

export class PostgresOutbox implements Outbox {
  constructor(private readonly options: OutboxOptions) {}

  async add(messages: readonly Outgoing[]): Promise<void> {
    if (messages.length === 0) return;
    const { db, tracing, ...options } = this.options;
    if (!db.inTransaction) return db.transaction(() => this.add(messages));
    const spans: OpenSpan[] = [];
    const drafts = draft(messages, tracing ? { ...options, contextFor: spanning(tracing, spans) } : options);
    db.buffer(this, () => new OutboxBuffer(this.options)).add(drafts, spans);
  }
}

/** A span for each message; without anybody around them, the first is the root of the others. */
function spanning(tracing: Tracing, spans: OpenSpan[]) {
  let parent = currentContext();
  return ({ type, channel }: Contract): MessageContext => {
    const attributes = {
      ...SYSTEM,
      'messaging.operation.name': 'create',
      'messaging.destination.name': channel,
      'cloudevents.event_type': type,
    };
    const span = tracing.begin({ name: `create ${type}`, kind: 'producer', attributes }, parent);
    parent ??= span.context;
    spans.push(span);
    return toMessageContext(span.context);
  };
}

const SYSTEM = { 'messaging.system': 'ashlar' } as const;

const storeOne = ({ id, channel, key, type, time, data, context }: Draft): Statement => ({
  sql: STORE_ONE,
  values: [id, channel, key, type, time, JSON.stringify(data), JSON.stringify(context)],
});

function storeMany(drafts: readonly Draft[]): Statement {
  const ordinals = new Map<string, number>();
  const rows = drafts.map((draft, n) => {
    const key = `${draft.channel}\n${draft.key}`;
    const ordinal = (ordinals.get(key) ?? 0) + 1;
    ordinals.set(key, ordinal);
    return { ...draft, n, ordinal };
  });
  return { sql: STORE_MANY, values: [JSON.stringify(rows)] };
}

class OutboxBuffer implements WriteBuffer {
  readonly rank = RANK.outbox;
  readonly name = 'outbox';
  readonly isEffect = true;
  readonly #drafts: Draft[] = [];
  #said: readonly Draft[] = [];
  #stored: readonly { position: number; sequence: number }[] = [];
  readonly #context = currentContext();
  readonly #spans = new Map<Draft, OpenSpan>();

  constructor(private readonly options: OutboxOptions) {}

  add(drafts: readonly Draft[], spans: readonly OpenSpan[]): void {
    this.#drafts.push(...drafts);
    for (const [index, span] of spans.entries()) this.#spans.set(drafts[index]!, span);
  }

  mark(): number {
    return this.#drafts.length;
  }

  restore(mark: unknown): void {
    this.#drafts.length = mark as number;
  }

  flush(): readonly Statement[] {
    if (this.#drafts.length === 0) return [];
    this.#said = withoutOutdated(this.#drafts);
    const onRows = (stored: readonly unknown[]) => {
      this.#stored = stored as readonly { position: number; sequence: number }[];
    };
    return [{ ...(this.#said.length === 1 ? storeOne(this.#said[0]!) : storeMany(this.#said)), onRows }];
  }

  committed(): void {
    if (this.#drafts.length === 0) return;
    for (const draft of this.#said) this.#spans.get(draft)?.end();
    const rows = this.#said.map(({ isLatest: _, ...draft }, index) => ({ ...draft, ...this.#stored[index]! }));
    this.#context?.onWritten?.(rows.map(({ channel, key, sequence }) => ({ channel, key, sequence })));
    this.options.onCommitted(rows);
  }
}
