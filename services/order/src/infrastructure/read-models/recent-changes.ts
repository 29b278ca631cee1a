import type { Clock } from '@ashlar/domain';

/** A change of an order that this process has committed. */
export interface RecentChange {
  readonly orderId: string;
  readonly userId: string;
  readonly version: number;
}

/** Longer than a read model is ever behind without being told so. */
const REMEMBERED_MS = 2_000;

/**
 * What this process has just committed. It reads such orders where they are stored until the read model has them:
 * whoever has seen a change here, in an answer or in a stream, does not read an older state here.
 */
export class RecentChanges {
  readonly #changes = new Map<string, RecentChange & { readonly at: number }>();

  constructor(private readonly clock: Clock) {}

  note(change: RecentChange): void {
    const at = this.clock.now().getTime();
    for (const [orderId, old] of this.#changes) {
      if (at - old.at < REMEMBERED_MS) break;
      this.#changes.delete(orderId);
    }
    this.#changes.delete(change.orderId);
    this.#changes.set(change.orderId, { ...change, at });
  }

  /** Whether this version of the order, if it is known at all, is older than one that was committed here. */
  isOutdated(orderId: string, version: number | undefined): boolean {
    return (this.#changes.get(orderId)?.version ?? 0) > (version ?? 0);
  }

  /** Whether an order of the user was changed here a moment ago. */
  concerns(userId: string): boolean {
    const since = this.clock.now().getTime() - REMEMBERED_MS;
    return [...this.#changes.values()].some((change) => change.userId === userId && change.at > since);
  }
}
