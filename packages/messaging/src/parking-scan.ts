import type { Delivery } from './bus.ts';
import type { HeldMessages } from './held-messages.ts';
import { type Line, lineId } from './inbox.ts';
import type { ParkedLines } from './parked-lines.ts';
import { MOVE_AT_ONCE, type ParkingLot } from './parking-lot.ts';

export interface ParkingScanOptions {
  readonly lot: ParkingLot;
  readonly parked: ParkedLines;
  readonly held: HeldMessages;
  readonly requeue: (deliveries: readonly Delivery[]) => void;
  readonly isStopped: () => boolean;
}

/**
 * One look at everything that does not come through the bus: where lines begin, what has waited too long, what is
 * parked.
 */
export class ParkingScan {
  #floors: { line: Line; floor: number }[] = [];

  constructor(private readonly options: ParkingScanOptions) {}

  /** The source has nothing of what is missing of the line before `floor`. */
  startsAt(line: Line, floor: number): void {
    this.#floors.push({ line, floor });
  }

  /** Moves so much that other keys do not wait; answers whether there may be more. */
  async run(): Promise<boolean> {
    await this.#startLines();
    await this.#spillOverdue();
    return this.#move();
  }

  async #startLines(): Promise<void> {
    const { parked, held } = this.options;
    for (let next = this.#floors[0]; next; next = this.#floors[0]) {
      await parked.startAt(next.line, next.floor);
      held.release([lineId(next.line)]);
      this.#floors.shift();
    }
  }

  async #spillOverdue(): Promise<void> {
    const { parked, held, requeue } = this.options;
    for (let next = held.overdue; next; next = held.overdue) {
      if (await parked.spill(next)) next.ack();
      else requeue([next]);
      held.forget(next);
    }
  }

  async #move(): Promise<boolean> {
    const { lot, parked, isStopped } = this.options;
    const movable = await lot.movable();
    let moved = 0;
    for (const line of movable) {
      for (let mayFollow = true; mayFollow; ) {
        if (isStopped()) return false;
        if (moved >= MOVE_AT_ONCE) return true;
        const result = await parked.move(line, { atMost: MOVE_AT_ONCE - moved, isEnough: isStopped });
        moved += result.count;
        mayFollow = result.mayFollow;
      }
    }
    return movable.length === MOVE_AT_ONCE && moved > 0;
  }
}
