import type { Flaw } from './flaw.ts';
import type { Deed } from './observed-saga.ts';

/** What a participant keeps for ever of one step. */
export type Memory = 'none' | Deed['what'];

const MEMORIES: readonly Memory[] = ['none', 'done', 'refused', 'undone'];

/**
 * A saga, its participants and the messages between them at one moment: numbers only, so that hundreds of thousands can
 * be kept and told apart. `Places` knows what stands where.
 */
export type World = readonly number[];

export const keyOf = (world: World): string => String.fromCharCode(...world);

export function worldOf(key: string): World {
  // Pushed, because an array that was made with holes is slow to copy.
  const world: number[] = [];
  for (let place = 0; place < key.length; place++) world.push(key.charCodeAt(place));
  return world;
}

/** What becomes of a world, and how. */
export interface Scene {
  readonly world: World;
  readonly deeds: readonly Deed[];
  readonly said: readonly string[];
  readonly flaw?: Flaw | undefined;
}

/** Where in a world what is written; members are the participants and, as the last one, the saga. */
export class Places {
  /** The number of the saga's side. */
  readonly saga = 0;
  /** Whether an operator has discarded a message. */
  readonly discarded = 1;
  readonly size: number;

  constructor(
    private readonly steps: number,
    private readonly members: number,
  ) {
    this.size = 2 + 2 * steps + members * members;
  }

  /** Which of the messages that lead to a step have been heard, where it takes several: a bit for each. */
  heard(step: number): number {
    return 2 + this.steps + step;
  }

  /** What is under way from one member to another. */
  line(from: number, to: number): number {
    return 2 + 2 * this.steps + from * this.members + to;
  }

  memoryOf(world: World, step: number): Memory {
    return MEMORIES[world[2 + step]!]!;
  }

  remember(world: World, { step, what }: Deed): World {
    const changed = world.with(2 + step, MEMORIES.indexOf(what));
    return changed[this.heard(step)] === 0 ? changed : changed.with(this.heard(step), 0);
  }
}
