import { DomainError } from '@ashlar/domain';
import {
  type Append,
  checkAppend,
  checkReading,
  checkStream,
  type EventStore,
  type EventTypes,
  type ReadAllOptions,
  type ReadOptions,
  type Snapshot,
  type StoredEvent,
} from '@ashlar/event-store';
import { ConcurrencyError, RANK } from '@ashlar/postgres';
import { asJson } from './json.ts';
import type { Change, ChangeBuffer, MemoryWork } from './memory-work.ts';

/** What a service keeps of its streams. */
export class StoredEvents {
  readonly all: StoredEvent[] = [];
  readonly streams = new Map<string, StoredEvent[]>();
  readonly ended = new Set<string>();
  readonly snapshots = new Map<string, Snapshot & { readonly version: number }>();
}

export class MemoryEventStore implements EventStore {
  constructor(
    private readonly work: MemoryWork,
    private readonly stored: StoredEvents,
    readonly types?: EventTypes,
  ) {}

  async append(append: Append): Promise<void> {
    checkAppend(append);
    if (append.events.length === 0 && !append.ends) return;
    if (!this.work.inTransaction) return this.work.transaction(() => this.append(append), { retries: 0 });
    const { work, stored } = this;
    const events = append.events.map((event) => this.types?.toStored(event) ?? event);
    work.stage(stored, () => new AppendBuffer(stored, () => work.instance.world.now)).add({ ...append, events });
  }

  async read(stream: string, options: ReadOptions = {}): Promise<StoredEvent[]> {
    const { from = 1, to = Number.POSITIVE_INFINITY, backwards = false, limit = Number.POSITIVE_INFINITY } = options;
    checkStream(stream);
    checkReading(options);
    return this.work.read('reads a stream', () => {
      const asOf = options.asOf?.getTime() ?? Number.POSITIVE_INFINITY;
      const events = (this.stored.streams.get(stream) ?? []).filter(
        ({ version, at }) => version >= from && version <= to && at.getTime() <= asOf,
      );
      return this.#asOfToday(backwards ? events.toReversed() : events).slice(0, limit);
    });
  }

  async readAll(options: ReadAllOptions): Promise<StoredEvent[]> {
    checkReading(options);
    const { after, limit = 1_000, upTo = Number.POSITIVE_INFINITY } = options;
    const end = Math.min(after + limit, upTo);
    return this.work.read('reads all events', () => this.#asOfToday(this.stored.all.slice(after, end)));
  }

  async head(): Promise<number> {
    return this.work.read('looks for the newest event', () => this.stored.all.length);
  }

  async load(stream: string, schema = 0) {
    checkStream(stream);
    return this.work.read('loads a stream', () => {
      const kept = this.stored.snapshots.get(stream);
      const snapshot = kept?.schema === schema ? { state: asJson(kept.state), version: kept.version } : undefined;
      const after = snapshot?.version ?? 0;
      const events = (this.stored.streams.get(stream) ?? []).filter(({ version }) => version > after);
      return { snapshot, events: this.#asOfToday(events) };
    });
  }

  #asOfToday(events: StoredEvent[]): StoredEvent[] {
    return events.map(read).map((event) => this.types?.toToday(event) ?? event);
  }
}

/** Nobody who changes what was read changes what is kept. */
const read = (event: StoredEvent): StoredEvent => ({ ...event, data: asJson(event.data) });

class AppendBuffer implements ChangeBuffer {
  readonly rank = RANK.aggregates;
  readonly name = 'streams';
  readonly #appends: Append[] = [];

  constructor(
    private readonly stored: StoredEvents,
    private readonly now: () => number,
  ) {}

  add(append: Append): void {
    this.#appends.push(append);
  }

  mark(): number {
    return this.#appends.length;
  }

  restore(mark: unknown): void {
    this.#appends.length = mark as number;
  }

  changes(): Change[] {
    const added = new Map<string, number>();
    const inOrder = this.#appends.toSorted((a, b) => (a.stream < b.stream ? -1 : a.stream > b.stream ? 1 : 0));
    return inOrder.map((append) => {
      const before = added.get(append.stream) ?? 0;
      added.set(append.stream, before + append.events.length);
      return { check: () => this.#check(append, before), apply: () => this.#append(append) };
    });
  }

  #check({ stream, expected }: Append, addedBefore: number): void {
    const committed = this.stored.streams.get(stream)?.length ?? 0;
    const version = committed + addedBefore;
    const fits = expected === 'any' || (expected === 'none' && version === 0) || (expected === 'exists' && version > 0);
    if (this.stored.ended.has(stream)) {
      throw new DomainError('stream_ended', 'conflict', `The stream ${stream} has ended.`);
    }
    if (!fits && expected !== version) throw new ConcurrencyError(`stream ${stream}`, committed);
  }

  #append({ stream, events, snapshot, ends }: Append): void {
    if (ends) this.stored.ended.add(stream);
    const before = this.stored.streams.get(stream) ?? [];
    const last = before.at(-1)?.at.getTime() ?? 0;
    const at = new Date(Math.max(this.now(), last));
    const added = events.map(({ type, data }, index) => ({
      position: this.stored.all.length + index + 1,
      stream,
      version: before.length + index + 1,
      type,
      data: asJson(data),
      at,
    }));
    this.stored.all.push(...added);
    this.stored.streams.set(stream, [...before, ...added]);
    if (!snapshot) return;
    const { state, schema } = snapshot;
    this.stored.snapshots.set(stream, { state: asJson(state), schema, version: before.length + added.length });
  }
}
