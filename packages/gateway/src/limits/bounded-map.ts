interface Entry<Value> {
  value: Value;
  /** Set again since it came, or was last looked at for being forgotten. */
  wasUsed: boolean;
}

/**
 * A map that forgets the oldest that was not set again since the last look at it (a second chance for those that were),
 * so that strangers cannot fill the memory with keys. To keep them in the order of their use would cost more.
 */
export class BoundedMap<Value> {
  readonly #entries = new Map<string, Entry<Value>>();

  constructor(private readonly capacity: number) {}

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): Value | undefined {
    return this.#entries.get(key)?.value;
  }

  set(key: string, value: Value): void {
    const entry = this.#entries.get(key);
    if (entry) {
      entry.value = value;
      entry.wasUsed = true;
      return;
    }
    if (this.#entries.size >= this.capacity) this.#forgetOldest();
    this.#entries.set(key, { value, wasUsed: false });
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  #forgetOldest(): void {
    for (const [key, entry] of this.#entries) {
      this.#entries.delete(key);
      if (!entry.wasUsed) return;
      entry.wasUsed = false;
      this.#entries.set(key, entry);
    }
  }
}
