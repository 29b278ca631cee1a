import type { Append, EventStore, ReadOptions, Snapshot, StoredEvent } from '@ashlar/event-store';
import { ConcurrencyError, RANK } from '@ashlar/postgres';
import type { Change, ChangeBuffer, MemoryWork } from './memory-work.ts';

/** What a service keeps of its streams. */
export class StoredEvents {
  readonly all: StoredEvent[] = [];
  readonly streams = new Map<string, StoredEvent[]>();
  readonly snapshots = new Map<string, Snapshot & { readonly version: number }>();
}

export class MemoryEventStore implements EventStore {
  constructor(
    private readonly work: MemoryWork,
    private readonly stored: StoredEvents,
  ) {}

  async append(append: Append): Promise<void> {
    if (append.events.length === 0) return;
    if (!this.work.inTransaction) return this.work.transaction(() => this.append(append), { retries: 0 });
    this.work.stage(this, () => new AppendBuffer(this.stored, () => this.work.instance.world.now)).add(append);
  }

  async read(stream: string, options: ReadOptions = {}): Promise<StoredEvent[]> {
    const { from = 1, to = Number.POSITIVE_INFINITY, backwards = false, limit = Number.POSITIVE_INFINITY } = options;
    return this.work.read('reads a stream', () => {
      const asOf = options.asOf?.getTime() ?? Number.POSITIVE_INFINITY;
      const events = (this.stored.streams.get(stream) ?? []).filter(
        ({ version, at }) => version >= from && version <= to && at.getTime() <= asOf,
      );
      return (backwards ? events.toReversed() : events).slice(0, limit);
    });
  }

  async readAll({ after, limit = 1_000 }: { after: number; limit?: number }): Promise<StoredEvent[]> {
    return this.work.read('reads all events', () => this.stored.all.slice(after, after + limit));
  }

  async load(stream: string, schema = 0) {
    return this.work.read('loads a stream', () => {
      const kept = this.stored.snapshots.get(stream);
      const snapshot = kept?.schema === schema ? { state: kept.state, version: kept.version } : undefined;
      const after = snapshot?.version ?? 0;
      const events = (this.stored.streams.get(stream) ?? []).filter(({ version }) => version > after);
      return { snapshot, events };
    });
  }
}

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
    return this.#appends.map((append) => {
      const before = added.get(append.stream) ?? 0;
      added.set(append.stream, before + append.events.length);
      return { check: () => this.#check(append, before), apply: () => this.#append(append) };
    });
  }

  #check({ stream, expected }: Append, addedBefore: number): void {
    const committed = this.stored.streams.get(stream)?.length ?? 0;
    const version = committed + addedBefore;
    const fits = expected === 'any' || (expected === 'none' && version === 0) || (expected === 'exists' && version > 0);
    if (!fits && expected !== version) throw new ConcurrencyError(`stream ${stream}`, committed);
  }

  #append({ stream, events, snapshot }: Append): void {
    const before = this.stored.streams.get(stream) ?? [];
    const last = before.at(-1)?.at.getTime() ?? 0;
    const at = new Date(Math.max(this.now(), last));
    const added = events.map(({ type, data }, index) => ({
      position: this.stored.all.length + index + 1,
      stream,
      version: before.length + index + 1,
      type,
      data,
      at,
    }));
    this.stored.all.push(...added);
    this.stored.streams.set(stream, [...before, ...added]);
    if (snapshot) this.stored.snapshots.set(stream, { ...snapshot, version: before.length + added.length });
  }
}
