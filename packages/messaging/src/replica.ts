import type { Clock, Stop, Timers } from '@ashlar/domain';
import { type Holder, holderName, type Lease, type Leases, type Renewal } from './leases.ts';

/** Work that this replica does on behalf of all, for as long as it holds the lease. */
export interface Claim {
  readonly name: string;
  readonly epoch: number;
  /** Whether this replica may still act on it: it was renewed in time. */
  readonly isHeld: boolean;
  /** Whether it has been given back, or lost, for good. */
  readonly isOver: boolean;
  /** Whether no replica at all was running before it was taken. */
  readonly isAfterAbsence: boolean;
}

/** Who does what a claim stands for. */
export interface Tenant {
  gained(claim: Claim): void;
  /** Resolves when nothing of it is being done any more: then the next replica gets it. */
  lost(claim: Claim): Promise<void>;
}

/** Divides work among the replicas of a service. */
export interface Sharing {
  /** Joins a group; the returned function leaves it, and resolves when everything held has been given back. */
  share(group: string, names: readonly string[], tenant: Tenant): () => Promise<void>;
}

/** Singleton work: one replica does it for all. */
export interface Duty {
  /** The claim, while this replica has it. */
  readonly claim: Claim | undefined;
}

export interface ReplicaOptions {
  readonly leases: Leases;
  /** Two that run at the same time have different names; who follows another in its place bears its name. */
  readonly name: string;
  readonly nextId: () => string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly onError?: (error: unknown) => void;
}

const TTL_MS = 5_000;
const RENEW_EVERY_MS = 1_000;
/** What somebody gives up for us is read by nobody until we look. */
const SHORT_OF_SHARE_MS = 200;
const A_MOMENT_MS = 20;
/** How long those who work on something that is to be given back are waited for. */
const PATIENCE_MS = 3_000;

interface Group {
  readonly names: readonly string[];
  readonly tenant: Tenant;
  /** Whether each replica is to have its share, or the one that has it keeps it. */
  readonly isDivided: boolean;
}

class HeldClaim implements Claim {
  isOver = false;
  until = 0;

  constructor(
    readonly lease: Lease,
    readonly group: Group,
    readonly isAfterAbsence: boolean,
    private readonly clock: Clock,
  ) {}

  get name(): string {
    return this.lease.name;
  }

  get epoch(): number {
    return this.lease.epoch;
  }

  get isHeld(): boolean {
    return !this.isOver && this.clock.now().getTime() < this.until;
  }
}

/**
 * This process as one of the replicas of its service. It takes its fair share of each group: where another comes, both
 * give up and take until no two shares differ by more than one; where one goes, is known to have died, or is not
 * heard of for five seconds, the others take what it had.
 */
export class Replica implements Sharing {
  readonly #options: Required<ReplicaOptions>;
  readonly #holder: Holder;
  readonly #groups = new Map<string, Group>();
  readonly #claims = new Map<string, HeldClaim>();
  #others: readonly string[] = [];
  #isAlone = true;
  #turning: Promise<void> | undefined;
  #isDue = false;
  #stop: Stop = () => {};
  #stopExpecting: Stop = () => {};
  #stopHurrying: Stop = () => {};
  #state: 'new' | 'here' | 'gone' = 'new';

  constructor(options: ReplicaOptions) {
    this.#options = { onError: () => {}, ...options };
    this.#holder = { replica: options.name, id: options.nextId() };
  }

  /** Resolves when this replica has taken what was free. */
  async start(): Promise<void> {
    const { leases, timers, onError } = this.#options;
    await leases.enter(this.#holder);
    this.#state = 'here';
    await this.#turn();
    this.#isAlone = false;
    if (this.#state === 'here') this.#stop = timers.every(RENEW_EVERY_MS, () => this.#soon(), onError);
  }

  /** Gives everything back, and leaves. */
  async stop(): Promise<void> {
    if (this.#state === 'gone') return;
    this.#state = 'gone';
    this.#stop();
    this.#stopExpecting();
    this.#stopHurrying();
    await this.#turning?.catch(() => {});
    await Promise.all([...this.#claims.values()].map((claim) => this.#end(claim)));
    await this.#options.leases.leave(this.#holder).catch(this.#options.onError);
  }

  /** Somebody has seen the process of another replica die: what it had is taken over now, not when it expires. */
  async bury(name: string): Promise<void> {
    if (this.#state !== 'here' || name === this.#options.name) return;
    await this.#options.leases.bury(name);
    await this.#soon();
  }

  share(group: string, names: readonly string[], tenant: Tenant): () => Promise<void> {
    return this.#join(group, { names, tenant, isDivided: true });
  }

  /** Takes part in what one replica does for all, and keeps for as long as it is here. */
  keep(name: string, { gained = () => {}, lost = async () => {} }: Partial<Tenant> = {}): Duty {
    let held: Claim | undefined;
    const tenant: Tenant = {
      gained: (claim) => {
        held = claim;
        gained(claim);
      },
      lost: (claim) => {
        held = undefined;
        return lost(claim);
      },
    };
    this.#join(name, { names: [name], tenant, isDivided: false });
    return {
      get claim() {
        return held?.isHeld ? held : undefined;
      },
    };
  }

  #join(name: string, group: Group): () => Promise<void> {
    this.#groups.set(name, group);
    if (this.#state === 'here') this.#soon().catch(this.#options.onError);
    return async () => {
      this.#groups.delete(name);
      await this.#turning?.catch(() => {});
      await this.#giveBack([...this.#claims.values()].filter((claim) => claim.group === group));
    };
  }

  /** One turn after another; whoever asks while one is running gets the next. */
  async #soon(): Promise<void> {
    this.#isDue = true;
    while (this.#isDue && this.#state === 'here') {
      if (this.#turning) return this.#turning;
      this.#isDue = false;
      this.#turning = this.#turn().finally(() => {
        this.#turning = undefined;
      });
      await this.#turning;
    }
  }

  async #turn(): Promise<void> {
    const { leases, clock } = this.#options;
    const until = clock.now().getTime() + TTL_MS;
    try {
      const renewal = await leases.renew(this.#holder, TTL_MS);
      this.#others = renewal.others;
      if (renewal.others.length > 0) this.#isAlone = false;
      await this.#settle(renewal, until);
      await this.#take(renewal);
      this.#expect(renewal);
      this.#hurry();
    } catch (error) {
      for (const claim of this.#claims.values()) if (!claim.isHeld) this.#lose(claim);
      throw error;
    }
  }

  /** One who was not heard of is about to be gone: what it had is taken over at once. */
  #expect({ expiresInMs }: Renewal): void {
    const { timers, onError } = this.#options;
    if (typeof expiresInMs !== 'number' || expiresInMs > RENEW_EVERY_MS) return;
    this.#stopExpecting();
    this.#stopExpecting = timers.once(expiresInMs + A_MOMENT_MS, () => void this.#soon().catch(onError));
  }

  /** Who has less than its share looks more often: the others are about to let go of the rest. */
  #hurry(): void {
    const { timers, onError } = this.#options;
    this.#stopHurrying();
    const lacks = ([name, group]: [string, Group]) => this.#held(group).length < this.#quota(name, group);
    const isShort = [...this.#groups].some((one) => one[1].isDivided && lacks(one));
    if (!isShort || this.#state !== 'here') return;
    this.#stopHurrying = timers.once(SHORT_OF_SHARE_MS, () => void this.#soon().catch(onError));
  }

  async #settle({ held }: Renewal, until: number): Promise<void> {
    const kept = new Set(held);
    for (const claim of this.#claims.values()) {
      if (kept.has(claim.name)) claim.until = until;
      else this.#lose(claim);
    }
    const unknown = held.filter((name) => !this.#claims.has(name));
    if (unknown.length > 0) await this.#options.leases.release(this.#holder, unknown);
    for (const [name, group] of this.#groups) {
      const surplus = this.#held(group).slice(this.#quota(name, group));
      // Not awaited: what is being worked on may take a while, and all else has to be renewed meanwhile.
      this.#giveBack(surplus).catch(this.#options.onError);
    }
  }

  async #take({ taken }: Renewal): Promise<void> {
    const { leases, clock } = this.#options;
    const unavailable = new Set([...taken, ...this.#claims.keys()]);
    const wanted = new Map<string, Group>();
    for (const [name, group] of this.#groups) {
      const missing = this.#quota(name, group) - this.#held(group).length;
      const free = group.names.filter((one) => !unavailable.has(one));
      for (const one of free.slice(0, Math.max(0, missing))) wanted.set(one, group);
    }
    if (wanted.size === 0 || this.#state !== 'here') return;
    const until = clock.now().getTime() + TTL_MS;
    for (const lease of await leases.claim(this.#holder, [...wanted.keys()], TTL_MS)) {
      const group = wanted.get(lease.name)!;
      const isAfterAbsence = this.#isAlone || (lease.idleMs ?? 0) > 2 * TTL_MS;
      const claim = new HeldClaim(lease, group, isAfterAbsence, clock);
      claim.until = until;
      this.#claims.set(lease.name, claim);
      group.tenant.gained(claim);
    }
  }

  #held(group: Group): HeldClaim[] {
    return [...this.#claims.values()].filter((claim) => claim.group === group && !claim.isOver);
  }

  /** How many of the group this replica should have; the ones over go round with the group. */
  #quota(name: string, { names, isDivided }: Group): number {
    if (!isDivided) return names.length;
    const all = [holderName(this.#holder), ...this.#others].sort();
    const rank = (all.indexOf(holderName(this.#holder)) + sumOf(name)) % all.length;
    return Math.floor(names.length / all.length) + (rank < names.length % all.length ? 1 : 0);
  }

  /** Somebody else has it, or may have: what is being done in its name is fenced elsewhere. */
  #lose(claim: HeldClaim): void {
    claim.isOver = true;
    this.#claims.delete(claim.name);
    claim.group.tenant.lost(claim).catch(this.#options.onError);
  }

  async #giveBack(claims: readonly HeldClaim[]): Promise<void> {
    await Promise.all(claims.map((claim) => this.#end(claim)));
    const names = claims.map(({ name }) => name);
    if (names.length > 0) await this.#options.leases.release(this.#holder, names);
    for (const claim of claims) if (this.#claims.get(claim.name) === claim) this.#claims.delete(claim.name);
  }

  async #end(claim: HeldClaim): Promise<void> {
    claim.isOver = true;
    const { promise: tooLong, resolve } = Promise.withResolvers<void>();
    const stop = this.#options.timers.once(PATIENCE_MS, resolve);
    await Promise.race([claim.group.tenant.lost(claim).catch(this.#options.onError), tooLong]);
    stop();
  }
}

const sumOf = (name: string): number => [...name].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
