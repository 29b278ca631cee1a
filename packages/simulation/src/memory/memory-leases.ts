import { type Holder, holderName, type Lease, type Leases, type Renewal } from '@ashlar/messaging';
import type { MemoryWork } from './memory-work.ts';

interface KeptLease {
  readonly holder: string | undefined;
  readonly epoch: number;
  readonly expiresAt: number;
  readonly renewedAt: number;
}

/** Who holds what, and who is here; whichever instance is running. */
export class StoredLeases {
  readonly leases = new Map<string, KeptLease>();
  /** Until when each holder counts as being here. */
  readonly replicas = new Map<string, number>();
}

export class MemoryLeases implements Leases {
  constructor(
    private readonly work: MemoryWork,
    private readonly stored: StoredLeases,
  ) {}

  async enter({ replica, id }: Holder): Promise<void> {
    const me = holderName({ replica, id });
    await this.work.read('enters', () => this.#forget((holder) => holder.startsWith(`${replica}#`) && holder !== me));
  }

  async bury(replica: string): Promise<void> {
    await this.work.read('buries another', () => this.#forget((holder) => holder.startsWith(`${replica}#`)));
  }

  async renew(given: Holder, ttlMs: number): Promise<Renewal> {
    const me = holderName(given);
    return this.work.read('renews its leases', () => {
      const { leases, replicas } = this.stored;
      replicas.set(me, this.#now + ttlMs);
      const live = [...leases].filter(([, { holder, expiresAt }]) => holder !== undefined && expiresAt > this.#now);
      const mine = live.filter(([, { holder }]) => holder === me);
      for (const [name, lease] of mine) leases.set(name, { ...lease, ...this.#until(ttlMs) });
      const others = [...replicas].filter(([holder, until]) => holder !== me && until > this.#now);
      const names = (of: readonly (readonly [string, unknown])[]) => of.map(([name]) => name);
      const expiresInMs = others.length > 0 ? Math.min(...others.map(([, until]) => until - this.#now)) : null;
      const taken = names(live.filter((one) => !mine.includes(one)));
      return { held: names(mine), taken, others: names(others), expiresInMs };
    });
  }

  async claim(holder: Holder, names: readonly string[], ttlMs: number): Promise<Lease[]> {
    return this.work.read('claims leases', () =>
      names.toSorted().flatMap((name) => {
        const before = this.stored.leases.get(name);
        if (before && before.holder !== undefined && before.expiresAt > this.#now) return [];
        const epoch = (before?.epoch ?? 0) + 1;
        this.stored.leases.set(name, { holder: holderName(holder), epoch, ...this.#until(ttlMs) });
        return [{ name, epoch, ...(before && { idleMs: this.#now - before.renewedAt }) }];
      }),
    );
  }

  async release(holder: Holder, names: readonly string[]): Promise<void> {
    await this.work.read('gives leases back', () =>
      this.#free((lease, name) => lease.holder === holderName(holder) && names.includes(name)),
    );
  }

  async leave(holder: Holder): Promise<void> {
    await this.work.read('leaves', () => this.#forget((one) => one === holderName(holder)));
  }

  #forget(isGone: (holder: string) => boolean): void {
    for (const holder of this.stored.replicas.keys()) if (isGone(holder)) this.stored.replicas.delete(holder);
    this.#free(({ holder }) => holder !== undefined && isGone(holder));
  }

  get #now(): number {
    return this.work.instance.world.now;
  }

  #until(ttlMs: number): Pick<KeptLease, 'expiresAt' | 'renewedAt'> {
    return { expiresAt: this.#now + ttlMs, renewedAt: this.#now };
  }

  #free(isWanted: (lease: KeptLease, name: string) => boolean): void {
    for (const [name, lease] of this.stored.leases)
      if (isWanted(lease, name)) this.stored.leases.set(name, { ...lease, holder: undefined });
  }
}
