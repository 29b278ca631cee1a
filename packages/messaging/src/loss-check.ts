import type { Stop, Timers } from '@ashlar/domain';
import type { Custody, NotedReceipt, Receipt, Receipts } from './receipts.ts';
import type { Claim, Duty } from './replica.ts';

export interface LossCheckOptions {
  readonly custody: Custody;
  readonly source: string;
  readonly receipts: Receipts;
  /** Who checks for all replicas. */
  readonly upkeep: Duty | undefined;
  readonly timers: Timers;
  readonly retentionMs: number;
  /** Sends again what was published to the channel within so much time. */
  readonly again: (channel: string, withinMs: number) => Promise<void>;
  readonly onError: (error: unknown) => void;
}

const NOTE_EVERY_MS = 10_000;
const LOOK_EVERY_MS = 1_000;
const CHECK_EVERY_MS = 30_000;
/** What was answered for around the time of a receipt may lie behind it. */
const MARGIN_MS = 30_000;
/** Receipts that are so young are all asked for: since the last check a stream may have been lost and begun anew. */
const RECENT_MS = 2 * CHECK_EVERY_MS;

/**
 * A broker's word is no fsync: what it has answered for may be gone after a power cut, and nobody would miss the end of
 * a log. So what it has answered for last is noted now and then, and asked for again whenever the broker is back, or
 * shows that it has lost something, and now and then; where it is not found, all that was published since the newest
 * before it that is found is published again.
 */
export class LossCheck {
  #stops: Stop[] = [];
  #noted = new Map<string, Receipt>();
  #untilNoting = 0;
  /** How often the bus was back, or has shown that it lost something, and up to which of these it was asked. */
  #doubts = 0;
  #doubtsSettled = 0;
  /** The same of channels that were asked for while others failed. */
  readonly #settled = new Map<string, number>();
  #claim: Claim | undefined;
  #untilCheck = 0;
  #working: Promise<void> = Promise.resolve();

  constructor(private readonly options: LossCheckOptions) {}

  start(): void {
    const { custody, timers, onError } = this.options;
    const doubt = () => {
      this.#doubts += 1;
      this.#look().catch(onError);
    };
    this.#stops = [
      timers.every(LOOK_EVERY_MS, () => this.#look(), onError),
      custody.onDown(() => void this.#note().catch(onError)),
      custody.onUp(doubt),
      custody.onLoss(doubt),
    ];
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops) stop();
    await this.#working.catch(() => {});
    await this.#note();
  }

  /** One look after another. */
  #look(): Promise<void> {
    this.#working = this.#working.catch(() => {}).then(() => this.#lookNow());
    return this.#working;
  }

  async #lookNow(): Promise<void> {
    this.#untilNoting -= LOOK_EVERY_MS;
    this.#untilCheck -= LOOK_EVERY_MS;
    if (this.#untilNoting <= 0 || this.#hasNewChannel) await this.#note();
    if (!this.#isMine()) return;
    const doubts = this.#doubts;
    if (doubts === this.#doubtsSettled && this.#untilCheck > 0) return;
    // Only what has succeeded is over, and only what had happened when it began.
    await this.#check(doubts);
    this.#doubtsSettled = doubts;
    this.#settled.clear();
    this.#untilCheck = CHECK_EVERY_MS;
  }

  /** Where nobody was here, nobody has seen the broker come back. */
  #isMine(): boolean {
    const { upkeep } = this.options;
    if (!upkeep) return true;
    const { claim } = upkeep;
    if (claim && claim !== this.#claim && claim.isAfterAbsence) this.#doubts += 1;
    this.#claim = claim;
    return claim !== undefined;
  }

  get #hasNewChannel(): boolean {
    return this.options.custody.newest(this.options.source).some(({ channel }) => !this.#noted.has(channel));
  }

  async #note(): Promise<void> {
    const { custody, source, receipts } = this.options;
    const fresh = custody.newest(source).filter(({ channel, id }) => this.#noted.get(channel)?.id !== id);
    await receipts.note(fresh);
    for (const receipt of fresh) this.#noted.set(receipt.channel, receipt);
    this.#untilNoting = NOTE_EVERY_MS;
  }

  /** All channels at once: where one is long, the others do not wait for it. */
  async #check(doubts: number): Promise<void> {
    const { receipts, retentionMs } = this.options;
    await receipts.purge(retentionMs);
    const byChannel = [...Map.groupBy(await receipts.all(), ({ channel }) => channel)];
    const checks = byChannel.map(async ([channel, noted]) => {
      const isBack = doubts > (this.#settled.get(channel) ?? this.#doubtsSettled);
      await this.#checkChannel(channel, { noted, isBack });
      this.#settled.set(channel, doubts);
    });
    const failed = (await Promise.allSettled(checks)).find(({ status }) => status === 'rejected');
    if (failed) throw (failed as PromiseRejectedResult).reason;
  }

  async #checkChannel(channel: string, { noted, isBack }: Checked): Promise<void> {
    const { receipts, again, onError } = this.options;
    const found = await this.#newestFound(noted);
    if (found === 0 && !isBack) return;
    const since = noted[found];
    const lost = noted.slice(0, found);
    if (lost.length > 0) {
      const where = since ? `after ${since.place}` : 'of what was noted';
      onError(new Error(`The broker has lost what it had of ${channel} ${where}: it is published again.`));
    }
    await again(channel, since ? since.agoMs + MARGIN_MS : Number.MAX_SAFE_INTEGER);
    await receipts.forget(lost.map(({ number }) => number));
  }

  /**
   * The newest before which nothing is lost. A broker loses the end of what it has, and may have got more since: so
   * among the young ones each is asked for, and among the old ones, by steps that double, until one is found.
   */
  async #newestFound(noted: readonly NotedReceipt[]): Promise<number> {
    let found: number | undefined;
    for (let index = 0, step = 1; index < noted.length; ) {
      const isRecent = noted[index]!.agoMs <= RECENT_MS;
      const isHeld = await this.options.custody.holds(noted[index]!);
      found = isHeld ? (found ?? index) : undefined;
      if (isHeld && !isRecent) break;
      index += isRecent ? 1 : step;
      if (!isRecent) step *= 2;
    }
    return found ?? noted.length;
  }
}

interface Checked {
  readonly noted: readonly NotedReceipt[];
  readonly isBack: boolean;
}
