import type { Clock, Ids } from '@ashlar/domain';
import {
  type Draft,
  draft,
  type Gap,
  type MessageStorage,
  type Missing,
  type Outbox,
  type OutboxRow,
  type OutboxRows,
  type Outgoing,
  type Page,
  type Registrations,
  withoutOutdated,
} from '@ashlar/messaging';
import { RANK } from '@ashlar/postgres';
import { currentContext } from '@ashlar/telemetry';
import { asJson } from './json.ts';
import { type KeptMark, MemoryInbox } from './memory-inbox.ts';
import { MemoryLeases, StoredLeases } from './memory-leases.ts';
import { MemoryParkingLot, type StoredParked } from './memory-parking-lot.ts';
import { type KeptReceipt, MemoryReceipts } from './memory-receipts.ts';
import type { Change, ChangeBuffer, MemoryWork } from './memory-work.ts';

interface KeptRow {
  readonly row: OutboxRow;
  readonly writtenAt: number;
  publishedAt: number | undefined;
}

/** What a service keeps of its messages, whichever instance of it is running. */
export class StoredMessages {
  /** By position, which is the place in this list plus one; a row that was purged leaves its place empty. */
  readonly outbox: (KeptRow | undefined)[] = [];
  readonly counters = new Map<string, number>();
  /** By consumer and line. */
  readonly marks = new Map<string, KeptMark>();
  readonly parked: StoredParked = new Map();
  readonly registrations = new Set<string>();
  readonly leases = new StoredLeases();
  readonly receipts: KeptReceipt[] = [];

  get unpublished(): OutboxRow[] {
    return this.outbox.flatMap((kept) => (kept && kept.publishedAt === undefined ? [kept.row] : []));
  }
}

export interface MemoryMessagesOptions {
  readonly work: MemoryWork;
  readonly stored: StoredMessages;
}

/** The messages of one service, on memory. */
export const memoryMessageStorage = ({ work, stored }: MemoryMessagesOptions): MessageStorage => ({
  work,
  outbox: new MemoryOutboxRows(work, stored),
  registrations: new MemoryRegistrations(work, stored),
  leases: new MemoryLeases(work, stored.leases),
  receipts: new MemoryReceipts(work, stored.receipts),
  inbox: (consumer) => new MemoryInbox(work, stored, consumer),
  parkingLot: (consumer, nextId) => new MemoryParkingLot({ work, stored, consumer, nextId }),
});

export interface MemoryOutboxOptions extends MemoryMessagesOptions {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly onCommitted: (rows: readonly OutboxRow[]) => void;
}

export class MemoryOutbox implements Outbox {
  constructor(private readonly options: MemoryOutboxOptions) {}

  async add(messages: readonly Outgoing[]): Promise<void> {
    if (messages.length === 0) return;
    const { work } = this.options;
    if (!work.inTransaction) return work.transaction(() => this.add(messages));
    const drafts = draft(messages, this.options);
    work.stage(this, () => new OutboxBuffer(this.options)).add(drafts);
  }
}

class OutboxBuffer implements ChangeBuffer {
  readonly rank = RANK.outbox;
  readonly name = 'outbox';
  readonly #drafts: Draft[] = [];
  readonly #rows: OutboxRow[] = [];
  readonly #context = currentContext();

  constructor(private readonly options: MemoryOutboxOptions) {}

  add(drafts: readonly Draft[]): void {
    this.#drafts.push(...drafts);
  }

  mark(): number {
    return this.#drafts.length;
  }

  restore(mark: unknown): void {
    this.#drafts.length = mark as number;
  }

  changes(): Change[] {
    return withoutOutdated(this.#drafts).map((one) => ({ apply: () => void this.#rows.push(this.#write(one)) }));
  }

  committed(): void {
    if (this.#rows.length === 0) return;
    this.#context?.onWritten?.(this.#rows.map(({ channel, key, sequence }) => ({ channel, key, sequence })));
    this.options.onCommitted(this.#rows);
  }

  #write(one: Draft): OutboxRow {
    const { counters, outbox } = this.options.stored;
    const line = `${one.channel}\n${one.key}`;
    const sequence = (counters.get(line) ?? 0) + 1;
    counters.set(line, sequence);
    const { isLatest: _, ...said } = one;
    const row = { ...said, sequence, position: outbox.length + 1 };
    outbox.push({ row: asJson(row), writtenAt: this.options.work.instance.world.now, publishedAt: undefined });
    return row;
  }
}

class MemoryOutboxRows implements OutboxRows {
  constructor(
    private readonly work: MemoryWork,
    private readonly stored: StoredMessages,
  ) {}

  async unpublished(page: Page, ageMs: number): Promise<OutboxRow[]> {
    const latest = this.work.instance.world.now - ageMs;
    return this.#page(page, (kept) => kept.publishedAt === undefined && kept.writtenAt <= latest);
  }

  async ofChannel(channel: string, page: Page): Promise<OutboxRow[]> {
    return this.#page(page, ({ row }) => row.channel === channel);
  }

  async ofLine({ channel, key, from, to }: Gap, limit: number): Promise<OutboxRow[]> {
    const isOfGap = (row: OutboxRow) =>
      row.channel === channel && row.key === key && row.sequence >= from && row.sequence <= to;
    return this.#page({ after: 0, limit }, ({ row }) => isOfGap(row));
  }

  async publishedWithin(ms: number, channel: string, page: Page): Promise<OutboxRow[]> {
    const earliest = this.work.instance.world.now - ms;
    return this.#page(
      page,
      ({ row, publishedAt }) => row.channel === channel && (publishedAt ?? -Infinity) >= earliest,
    );
  }

  async since(time: Date, page: Page): Promise<OutboxRow[]> {
    return this.#page(page, ({ row }) => Date.parse(row.time) >= time.getTime());
  }

  async countSince(time: Date): Promise<number> {
    return (await this.since(time, { after: 0, limit: Number.POSITIVE_INFINITY })).length;
  }

  async missing(): Promise<Missing[]> {
    return this.work.read('counts what is gone', () => {
      const kept = Map.groupBy(
        this.stored.outbox.flatMap((one) => (one ? [one.row] : [])),
        ({ channel, key }) => `${channel}\n${key}`,
      );
      const lines = [...this.stored.counters].map(([line, sequence]) => ({
        channel: line.split('\n')[0]!,
        gone: sequence - (kept.get(line)?.length ?? 0),
      }));
      return [
        ...Map.groupBy(
          lines.filter(({ gone }) => gone > 0),
          ({ channel }) => channel,
        ),
      ].map(([channel, gone]) => ({
        channel,
        keys: gone.length,
        messages: gone.reduce((sum, one) => sum + one.gone, 0),
      }));
    });
  }

  async floorOf({ channel, key, from }: Pick<Gap, 'channel' | 'key' | 'from'>): Promise<number | undefined> {
    const [first] = await this.#page(
      { after: 0, limit: 1 },
      ({ row }) => row.channel === channel && row.key === key && row.sequence >= from,
    );
    return first?.sequence;
  }

  async markPublished(positions: readonly number[]): Promise<void> {
    await this.work.change('marks rows as published', () => {
      for (const position of positions) {
        const kept = this.stored.outbox[position - 1];
        if (kept) kept.publishedAt ??= this.work.instance.world.now;
      }
    });
  }

  async purge(retentionMs: number, limit: number): Promise<number> {
    return this.work.read('purges the outbox', () => {
      const latest = this.work.instance.world.now - retentionMs;
      let purged = 0;
      for (const [at, kept] of this.stored.outbox.entries()) {
        if (purged === limit || kept?.publishedAt === undefined || kept.publishedAt >= latest) continue;
        this.stored.outbox[at] = undefined;
        purged += 1;
      }
      return purged;
    });
  }

  #page({ after, limit }: Page, isWanted: (kept: KeptRow) => boolean): Promise<OutboxRow[]> {
    return this.work.read('reads the outbox', () => {
      const rows: OutboxRow[] = [];
      for (let at = after; at < this.stored.outbox.length && rows.length < limit; at++) {
        const kept = this.stored.outbox[at];
        if (kept && isWanted(kept)) rows.push(asJson(kept.row));
      }
      return rows;
    });
  }
}

class MemoryRegistrations implements Registrations {
  constructor(
    private readonly work: MemoryWork,
    private readonly stored: StoredMessages,
  ) {}

  async channelsOf(consumer: string): Promise<string[]> {
    return this.work.read('reads its channels', () =>
      [...this.stored.registrations].flatMap((one) => {
        const [name, channel] = one.split('\n');
        return name === consumer ? [channel!] : [];
      }),
    );
  }

  async add(consumer: string, channel: string): Promise<void> {
    await this.work.change('registers', () => void this.stored.registrations.add(`${consumer}\n${channel}`));
  }

  async keepOnly(present: readonly { readonly consumer: string; readonly channel: string }[]): Promise<void> {
    const names = new Set(present.map(({ consumer, channel }) => `${consumer}\n${channel}`));
    await this.work.change('forgets who is absent', () => {
      for (const one of this.stored.registrations) if (!names.has(one)) this.stored.registrations.delete(one);
    });
  }
}
