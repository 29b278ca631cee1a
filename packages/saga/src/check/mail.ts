import { EMPTY, Lines } from './lines.ts';
import type { Wiring } from './wiring.ts';
import type { Places, World } from './world.ts';

/** Two of whom one may say something to the other, and where in a world that is written. */
interface Pair {
  readonly from: number;
  readonly to: number;
  readonly place: number;
}

/** A message on its way, by the numbers of those whom it concerns. */
export interface Letter extends Pair {
  readonly type: string;
}

/** Brings what one says to all who listen: in order from each to each, in no order between different ones. */
export class Mail {
  readonly #lines = new Lines();
  readonly #self: number;
  readonly #readers: ReadonlyMap<string, readonly number[]>;
  readonly #pairs: readonly Pair[];

  constructor(
    private readonly places: Places,
    { participants, reactions, replies }: Wiring,
    /** Whether the saga may still heed a message; what it will not heed any more is not kept. */
    private readonly isHeeded: (world: World, type: string) => boolean,
  ) {
    this.#self = participants.length;
    const readers = new Map<string, number[]>(replies.map((type) => [type, [this.#self]]));
    for (const { participant, upon } of reactions) {
      const reader = participants.indexOf(participant);
      for (const type of upon) readers.set(type, [...new Set([...(readers.get(type) ?? []), reader])]);
    }
    this.#readers = readers;
    const members = [...participants.keys(), this.#self];
    this.#pairs = members.flatMap((from) => members.map((to) => ({ from, to, place: places.line(from, to) })));
  }

  post(world: World, from: number, types: readonly string[]): World {
    let next = world;
    for (const type of types) {
      for (const to of this.#readers.get(type) ?? []) {
        if (to === this.#self && (from === to || !this.isHeeded(world, type))) continue;
        const place = this.places.line(from, to);
        const line = this.#lines.with(next[place]!, type);
        if (line !== next[place]) next = next.with(place, line);
      }
    }
    return next;
  }

  /** What each may hear next. */
  arrivals(world: World): readonly Letter[] {
    return this.#busy(world).map((pair) => ({ ...pair, type: this.#lines.of(world[pair.place]!)[0]! }));
  }

  underWay(world: World): readonly Letter[] {
    return this.#busy(world).flatMap((pair) => this.#lines.of(world[pair.place]!).map((type) => ({ ...pair, type })));
  }

  isEmpty(world: World): boolean {
    return this.#busy(world).length === 0;
  }

  /** The world without the first message from one to another. */
  take(world: World, { place }: Letter): World {
    return world.with(place, this.#lines.withoutFirst(world[place]!));
  }

  /** The world without what the saga will not heed any more. */
  withoutStale(world: World): World {
    let next = world;
    for (const { to, place } of this.#busy(world)) {
      if (to !== this.#self) continue;
      const kept = this.#lines.only(world[place]!, (type) => this.isHeeded(world, type));
      if (kept !== world[place]) next = next.with(place, kept);
    }
    return next;
  }

  #busy(world: World): readonly Pair[] {
    return this.#pairs.filter(({ place }) => world[place] !== EMPTY);
  }
}
