import type { Clock, Ids } from '@ashlar/domain';
import { type Database, RANK, type Statement, type WriteBuffer } from '@ashlar/postgres';
import { contextOrNew, currentContext } from '@ashlar/telemetry';
import { violation } from './contract.ts';
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
}

/**
 * One statement draws the dense sequences, in the order of their keys, and writes the rows; it is the last of its
 * transaction.
 */
const STORE = `
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

/**
 * Gives messages their identity and the context in which they are said. Throws if the data breaks its contract: better
 * here, at its source, than at every consumer.
 */
export function draft(messages: readonly Outgoing[], { clock, ids }: Pick<OutboxOptions, 'clock' | 'ids'>): Draft[] {
  const context = toMessageContext(contextOrNew());
  const time = clock.now().toISOString();
  return messages.map(({ contract, key, data }) => {
    const wrong = violation(contract, data);
    if (wrong) throw new TypeError(`${contract.type}: ${wrong}`);
    if (key === '') throw new TypeError(`${contract.type}: a message needs a key, or none at all.`);
    const id = ids.next();
    return { id, channel: contract.channel, key: key ?? id, type: contract.type, time, data, context };
  });
}

export class PostgresOutbox implements Outbox {
  constructor(private readonly options: OutboxOptions) {}

  async add(messages: readonly Outgoing[]): Promise<void> {
    if (messages.length === 0) return;
    const { db } = this.options;
    if (!db.inTransaction) return db.transaction(() => this.add(messages));
    const drafts = draft(messages, this.options);
    db.buffer(this, () => new OutboxBuffer(this.options)).add(drafts);
  }
}

class OutboxBuffer implements WriteBuffer {
  readonly rank = RANK.outbox;
  readonly name = 'outbox';
  readonly #drafts: Draft[] = [];
  #stored: readonly { position: number; sequence: number }[] = [];
  readonly #context = currentContext();

  constructor(private readonly options: OutboxOptions) {}

  add(drafts: readonly Draft[]): void {
    this.#drafts.push(...drafts);
  }

  mark(): number {
    return this.#drafts.length;
  }

  restore(mark: unknown): void {
    this.#drafts.length = mark as number;
  }

  flush(): readonly Statement[] {
    if (this.#drafts.length === 0) return [];
    const ordinals = new Map<string, number>();
    const rows = this.#drafts.map((draft, n) => {
      const key = `${draft.channel}\n${draft.key}`;
      const ordinal = (ordinals.get(key) ?? 0) + 1;
      ordinals.set(key, ordinal);
      return { ...draft, n, ordinal };
    });
    return [
      {
        sql: STORE,
        values: [JSON.stringify(rows)],
        onRows: (stored) => {
          this.#stored = stored as readonly { position: number; sequence: number }[];
        },
      },
    ];
  }

  committed(): void {
    if (this.#drafts.length === 0) return;
    const rows = this.#drafts.map((draft, index) => ({ ...draft, ...this.#stored[index]! }));
    this.#context?.onWritten?.(rows.map(({ channel, key, sequence }) => ({ channel, key, sequence })));
    this.options.onCommitted(rows);
  }
}
