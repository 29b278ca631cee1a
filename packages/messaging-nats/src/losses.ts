import type { Stop } from '@ashlar/domain';
import type { Link } from './link.ts';
import type { Names } from './names.ts';

/**
 * What shows that a stream has lost messages though the connection was never lost: it was made anew, gives a number
 * again, or ends before a place that was read. Whoever notices tells all, for it need not be the source that does.
 */
export class Losses {
  readonly #listeners = new Set<() => void>();

  constructor(
    private readonly link: Link,
    private readonly names: Names,
    private readonly onError: (error: unknown) => void,
  ) {
    link.connection.subscribe(names.losses, {
      callback: (error) => {
        if (error) return onError(error);
        for (const listener of this.#listeners) listener();
      },
    });
  }

  onLoss(work: () => void): Stop {
    this.#listeners.add(work);
    return () => this.#listeners.delete(work);
  }

  /** We hear it as well. While the connection is lost nobody has to be told: all look when they are back. */
  notice(channel: string, sign: string): void {
    this.onError(new Error(`${this.names.stream(channel)} has lost messages: ${sign}.`));
    if (this.link.isUp) this.link.connection.publish(this.names.losses, channel);
  }
}
