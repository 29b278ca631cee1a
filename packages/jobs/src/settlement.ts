import type { Timers } from '@ashlar/domain';
import { isSqlError } from '@ashlar/postgres';
import type { JobAttempt, PgBoss } from 'pg-boss';
import type { JobTable } from './job-table.ts';
import { GiveUp } from './jobs.ts';

export interface Ended {
  readonly claim: JobAttempt;
  /** Why it did not succeed. */
  readonly error?: Error;
  /** The span in which it did not, as a traceparent. */
  readonly failedIn?: string;
  readonly settled: () => void;
}

export interface SettlementOptions {
  readonly name: string;
  readonly boss: PgBoss;
  readonly table: JobTable;
  readonly timers: Timers;
  readonly onError: (error: unknown) => void;
}

const AGAIN_MS = 500;

/** Writes down how jobs ended: while one write is on its way the next ones gather, and go together. */
export class Settlement {
  #ended: Ended[] = [];
  #writing = false;
  #closed = false;

  constructor(private readonly options: SettlementOptions) {}

  add(ended: Ended): void {
    this.#ended.push(ended);
    if (!this.#writing) void this.#writeAll();
  }

  /** What is not written by now never will be: the database cannot be reached, and those jobs run again. */
  close(): void {
    this.#closed = true;
  }

  async #writeAll(): Promise<void> {
    this.#writing = true;
    while (this.#ended.length > 0 && !this.#closed) {
      const batch = this.#ended.splice(0);
      try {
        await this.#write(batch);
        release(batch);
      } catch (error) {
        this.options.onError(error);
        if (isRefused(error)) release(batch);
        else this.#ended.unshift(...batch);
        await new Promise<void>((resolve) => this.options.timers.once(AGAIN_MS, resolve));
      }
    }
    this.#writing = false;
  }

  /** Each of these writes is void if the claim was lost meanwhile, or if it was written before. */
  async #write(batch: readonly Ended[]): Promise<void> {
    const { name, boss, table } = this.options;
    const done = batch.filter(({ error }) => error === undefined).map(({ claim }) => claim);
    if (done.length > 0) await boss.complete(name, done);
    for (const { claim, error, failedIn } of batch) {
      if (error instanceof GiveUp) await table.giveUp(name, claim, toOutput(error, failedIn));
      else if (error) await boss.fail(name, claim, toOutput(error, failedIn));
    }
  }
}

function release(batch: readonly Ended[]): void {
  for (const { settled } of batch) settled();
}

/** What the database will not store today it will not store tomorrow. Let go of, those jobs run again. */
const isRefused = (error: unknown): boolean => isSqlError(error) && error.code.startsWith('22');

/** Only the message: the rest of an error may hold what it was about. Made storable: no NUL, no half of a character. */
const toOutput = ({ message }: Error, failedIn: string | undefined) => ({
  message: message.slice(0, 2_000).replaceAll('\0', '').toWellFormed(),
  ...(failedIn !== undefined && { failedIn }),
});
