/** What was read later than it may be. */
export interface Stale {
  readonly replica: number;
  readonly id: string;
  readonly told: number;
  readonly sinceMs: number;
}

/** Remembers when each version was known to be committed, and for how long an older one was told after that. */
export class Witness {
  readonly #committed = new Map<string, { readonly version: number; readonly at: number }[]>();
  readonly stale: Stale[] = [];
  reads = 0;
  writes = 0;

  committed(id: string, version: number): void {
    const all = this.#committed.get(id) ?? [];
    all.push({ version, at: performance.now() });
    this.#committed.set(id, all);
    this.writes += 1;
  }

  /** A read that began at this time has told this version. */
  told(version: number, by: { readonly replica: number; readonly id: string; readonly askedAt: number }): void {
    const { replica, id, askedAt } = by;
    this.reads += 1;
    const newer = this.#committed.get(id)?.filter((commit) => commit.version > version && commit.at < askedAt) ?? [];
    const sinceMs = Math.max(0, ...newer.map(({ at }) => askedAt - at));
    if (sinceMs > 0) this.stale.push({ replica, id, told: version, sinceMs });
  }

  get worstMs(): number {
    return Math.max(0, ...this.stale.map(({ sinceMs }) => sinceMs));
  }
}
