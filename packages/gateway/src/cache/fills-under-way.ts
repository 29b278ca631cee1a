/** An answer that is being asked for. What becomes doubtful meanwhile is not kept: it may be the old one. */
export interface Fill {
  /** Whether an answer with these tags may be the old one. */
  isDoubtful(tags: readonly string[]): boolean;
  end(): void;
}

/** All answers that are being asked for, by their addresses. */
export class FillsUnderWay {
  readonly #byKey = new Map<string, Set<OneFill>>();

  begin(key: string): Fill {
    const ofKey = this.#byKey.get(key) ?? new Set();
    this.#byKey.set(key, ofKey);
    const fill = new OneFill(() => {
      ofKey.delete(fill);
      if (ofKey.size === 0 && this.#byKey.get(key) === ofKey) this.#byKey.delete(key);
    });
    ofKey.add(fill);
    return fill;
  }

  /** Something has changed what is at this address. */
  doubt(key: string): void {
    for (const fill of this.#byKey.get(key) ?? []) fill.isStale = true;
  }

  doubtAll(): void {
    for (const key of this.#byKey.keys()) this.doubt(key);
  }

  /** Something has changed whatever has this tag: which answers have it is known only when they come. */
  purged(tag: string): void {
    for (const ofKey of this.#byKey.values()) for (const fill of ofKey) fill.purged.add(tag);
  }
}

class OneFill implements Fill {
  isStale = false;
  readonly purged = new Set<string>();

  constructor(readonly end: () => void) {}

  isDoubtful(tags: readonly string[]): boolean {
    return this.isStale || tags.some((tag) => this.purged.has(tag));
  }
}
