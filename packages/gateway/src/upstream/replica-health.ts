import type { Silence } from './deadlines.ts';

/** How a replica that fails is left alone, and how it is asked whether it is well. */
export interface HealthPolicy {
  /** So many failures one after another eject a replica; 5 when not told. */
  readonly failures?: number;
  /** For how long at first; doubled each time, up to a minute. 5,000 when not told. */
  readonly ejectMs?: number;
  /** Asked regularly, a 2xx is well; not at all when not told. */
  readonly path?: string;
  /** Answered by a replica that runs, however those fare that it needs; `path` when not told. */
  readonly alivePath?: string;
  /** How often; 2,000 when not told. */
  readonly intervalMs?: number;
}

interface State {
  failures: number;
  ejections: number;
  ejectedUntil: number;
  isSick: boolean;
  /** So many times in a row nothing was heard of it. */
  silences: number;
}

const LONGEST_EJECTION_MS = 60_000;
const PROBE_TIMEOUT_MS = 1_000;
/** A busy replica may miss one question. */
const SILENCES = 2;
/** By then nobody believes any more that it is only busy. */
const LOST_AFTER = 8;
const DOUBT_TIMEOUT_MS = 500;

/** What a replica says of itself: nothing at all is another thing than that it is not well. */
type Word = 'well' | 'unwell' | 'silent';

/**
 * Which replicas of a service are fit to be called. Calls tell it how they ended (passive), and it asks by itself
 * (active). Never more than half of the replicas are ejected for failed calls: then it is not them.
 */
export class ReplicaHealth {
  /** Told of each replica that says nothing any more while another one does: it is not the gateway that stood still. */
  onSilence: (origin: string, silence: Silence) => void = () => {};
  readonly #doubted = new Set<string>();
  readonly #states = new Map<string, State>();
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly policy: HealthPolicy,
    private readonly origins: () => readonly string[],
    private readonly now: () => number = () => performance.now(),
  ) {
    if (policy.path === undefined) return;
    this.#timer = setInterval(() => void this.probe(), policy.intervalMs ?? 2_000).unref();
  }

  /** Those of the replicas that may be called now; all, where none is fit. */
  fit(origins: readonly string[]): readonly string[] {
    if (this.#states.size === 0) return origins;
    const now = this.now();
    const fit = origins.filter((origin) => {
      const state = this.#states.get(origin);
      return !state || (!state.isSick && state.ejectedUntil <= now);
    });
    return fit.length > 0 ? fit : origins;
  }

  succeeded(origin: string): void {
    const state = this.#states.get(origin);
    if (!state) return;
    state.failures = 0;
    if (state.ejectedUntil <= this.now()) state.ejections = 0;
    if (!state.isSick && state.ejections === 0) this.#states.delete(origin);
  }

  failed(origin: string): void {
    const state = this.#stateOf(origin);
    state.failures += 1;
    if (state.failures < (this.policy.failures ?? 5) || !this.#mayEject()) return;
    const ms = Math.min(LONGEST_EJECTION_MS, (this.policy.ejectMs ?? 5_000) * 2 ** state.ejections);
    state.ejections += 1;
    state.failures = 0;
    state.ejectedUntil = this.now() + ms;
  }

  /** Asks every replica once whether it is well. */
  async probe(): Promise<void> {
    const origins = this.origins();
    for (const origin of this.#states.keys()) if (!origins.includes(origin)) this.#states.delete(origin);
    const words = await Promise.all(origins.map((origin) => this.#ask(origin)));
    const allAreSilent = words.every((word) => word === 'silent');
    for (const [at, origin] of origins.entries()) this.#heard(origin, words[at]!, allAreSilent);
  }

  /** Somebody waits for it and wonders: asks it, and another one beside it, whether they live. */
  async doubted(origin: string): Promise<void> {
    const { alivePath } = this.policy;
    const other = this.origins().find((one) => one !== origin);
    if (alivePath === undefined || other === undefined || this.#doubted.has(origin)) return;
    this.#doubted.add(origin);
    const ask = (one: string) => wordFrom(one + alivePath, DOUBT_TIMEOUT_MS);
    const [word, others] = await Promise.all([ask(origin), ask(other)]);
    this.#doubted.delete(origin);
    if (word !== 'silent' || others === 'silent' || !this.origins().includes(origin)) return;
    // Until the next regular question it gets nothing new.
    this.#stateOf(origin).isSick = true;
    this.onSilence(origin, 'doubt');
  }

  /** One that waits for its database is busy, and not silent. */
  async #ask(origin: string): Promise<Word> {
    const { path, alivePath } = this.policy;
    const [word, alive] = await Promise.all([
      wordFrom(origin + path),
      alivePath === undefined ? 'silent' : wordFrom(origin + alivePath),
    ]);
    return word === 'silent' && alive !== 'silent' ? 'unwell' : word;
  }

  #heard(origin: string, word: Word, allAreSilent: boolean): void {
    if (word === 'well') return this.#states.has(origin) ? this.#recovered(origin) : undefined;
    const state = this.#stateOf(origin);
    state.isSick = true;
    state.silences = word === 'silent' ? state.silences + 1 : 0;
    if (state.silences >= SILENCES && !allAreSilent)
      this.onSilence(origin, state.silences >= LOST_AFTER ? 'loss' : 'silence');
  }

  #recovered(origin: string): void {
    Object.assign(this.#stateOf(origin), { isSick: false, silences: 0 });
    this.succeeded(origin);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #mayEject(): boolean {
    const now = this.now();
    const ejected = [...this.#states.values()].filter(({ ejectedUntil }) => ejectedUntil > now).length;
    return (ejected + 1) * 2 <= Math.max(2, this.origins().length);
  }

  #stateOf(origin: string): State {
    const known = this.#states.get(origin) ?? {
      ...{ failures: 0, ejections: 0, ejectedUntil: 0 },
      ...{ isSick: false, silences: 0 },
    };
    this.#states.set(origin, known);
    return known;
  }
}

async function wordFrom(url: string, timeoutMs = PROBE_TIMEOUT_MS): Promise<Word> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs), redirect: 'manual' });
    await response.body?.cancel();
    return response.ok ? 'well' : 'unwell';
  } catch {
    return 'silent';
  }
}
