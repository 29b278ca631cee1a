import { IdentityMap, type UnitOfWork } from '@ashlar/postgres';
import type { Decider } from './decider.ts';
import type { EventStore, NewEvent, Snapshot } from './event-store.ts';

/** How an aggregate's events are serialized and read back. */
export interface EventCodec<Event> {
  encode(event: Event): NewEvent;
  /** Throws for a type that it does not know: better a loud failure than a wrong balance. */
  decode(stored: NewEvent): Event;
}

/** For events that have their type and their fields side by side. */
export const flatCodec = <Event extends { readonly type: string }>(): EventCodec<Event> => ({
  encode: ({ type, ...data }) => ({ type, data }),
  decode: ({ type, data }) => ({ type, ...(data as object) }) as Event,
});

export interface EventSourcedOptions<Command, Event, State> {
  readonly decider: Decider<Command, Event, State>;
  readonly codec: EventCodec<Event>;
  /** How many events lie between two snapshots; 20 by default. */
  readonly snapshotEvery?: number;
  /** Increment it whenever the shape of the state changes: older snapshots are then ignored. */
  readonly snapshotSchema: number;
  /** Whether nothing can follow any more: the stream is ended with the events that lead there, and may be archived. */
  readonly isOver?: (state: State) => boolean;
}

export interface Loaded<State> {
  readonly state: State;
  readonly version: number;
}

/** Loads an aggregate from its stream, decides, and appends: within one transaction each stream is read once. */
export class EventSourced<Command, Event, State> {
  readonly #known: IdentityMap<Loaded<State>>;

  constructor(
    private readonly work: UnitOfWork,
    private readonly store: EventStore,
    private readonly options: EventSourcedOptions<Command, Event, State>,
  ) {
    this.#known = new IdentityMap(work);
  }

  async load(stream: string): Promise<Loaded<State>> {
    const known = this.#known.get(stream);
    if (known) return known;
    const loaded = await this.#read(stream);
    this.#known.set(stream, loaded);
    return loaded;
  }

  /** Loads several streams into the ambient transaction, concurrently. */
  async prefetch(streams: readonly string[]): Promise<void> {
    await Promise.all([...new Set(streams)].map((stream) => this.load(stream)));
  }

  /**
   * Decides and appends; returns the new events and the state after them. Joins the ambient transaction; throws what
   * `decide` and `EventStore.append` throw.
   */
  async execute(stream: string, command: Command): Promise<Loaded<State> & { readonly events: readonly Event[] }> {
    return this.work.transaction(async () => {
      const { decider, codec, snapshotEvery = 20, snapshotSchema, isOver } = this.options;
      const { state, version } = await this.load(stream);
      const events = decider.decide(command, state);
      const next = { state: events.reduce(decider.evolve, state), version: version + events.length };
      const due = Math.floor(next.version / snapshotEvery) > Math.floor(version / snapshotEvery);
      const snapshot: Snapshot = { state: next.state, schema: snapshotSchema };
      const encoded = events.map((event) => codec.encode(event));
      const last = { ...(due && { snapshot }), ...(events.length > 0 && isOver?.(next.state) && { ends: true }) };
      await this.store.append({ stream, expected: version, events: encoded, ...last });
      this.#known.set(stream, next);
      return { ...next, events };
    });
  }

  /** The state at a moment in the past; undefined if the stream had not begun by then. */
  async asOf(stream: string, asOf: Date): Promise<(Loaded<State> & { readonly at: Date }) | undefined> {
    const events = await this.store.read(stream, { asOf });
    const last = events.at(-1);
    return last && { state: this.#fold(events, this.options.decider.initial), version: last.version, at: last.at };
  }

  async #read(stream: string): Promise<Loaded<State>> {
    const { snapshot, events } = await this.store.load(stream, this.options.snapshotSchema);
    const from = snapshot ? (snapshot.state as State) : this.options.decider.initial;
    return { state: this.#fold(events, from), version: events.at(-1)?.version ?? snapshot?.version ?? 0 };
  }

  #fold(events: readonly NewEvent[], from: State): State {
    const { decider, codec } = this.options;
    return events.reduce((state, event) => decider.evolve(state, codec.decode(event)), from);
  }
}
