import type { Stop } from '@ashlar/domain';

/** Who wants to know that something was appended and committed through a database of this process. */
class Appended {
  readonly #listeners = new Set<() => void>();

  listen(listener: () => void): Stop {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

const byDatabase = new WeakMap<object, Appended>();

/** The same for every store of one database: their appends go together. */
export function appendedTo(db: object): Appended {
  const known = byDatabase.get(db) ?? new Appended();
  byDatabase.set(db, known);
  return known;
}
