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

/** What there is to be written of in a world. */
interface Extent {
  readonly steps: number;
  readonly members: number;
  /** What follows from several messages: the doing or the undoing of which step. */
  readonly joint: readonly { readonly step: number; readonly action: 'do' | 'undo' }[];
}

/** Where in a world what is written; members are the participants and, as the last one, the saga. */
export class Places {
  /** The number of the saga's side. */
  readonly saga = 0;
  /** Whether an operator has discarded a message. */
  readonly discarded = 1;
  readonly size: number;

  readonly #lines: number;

  constructor(private readonly extent: Extent) {
    this.#lines = 2 + extent.steps + extent.joint.length;
    this.size = this.#lines + extent.members ** 2;
  }

  /** Which of the messages have been heard that something follows from together: a bit for each. */
  heard(joint: number): number {
    return 2 + this.extent.steps + joint;
  }

  /** What is under way from one member to another. */
  line(from: number, to: number): number {
    return this.#lines + from * this.extent.members + to;
  }

  memoryOf(world: World, step: number): Memory {
    return MEMORIES[world[2 + step]!]!;
  }

  /** Whatever has to be heard first is of no interest any more where it has happened, or cannot happen. */
  remember(world: World, { step, what }: Deed): World {
    return this.extent.joint.reduce<World>(
      (changed, one, index) => {
        const isOver = one.step === step && (one.action === 'do' || what === 'undone');
        return isOver && changed[this.heard(index)] !== 0 ? changed.with(this.heard(index), 0) : changed;
      },
      world.with(2 + step, MEMORIES.indexOf(what)),
    );
  }
}
