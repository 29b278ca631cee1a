import { DomainError, type Stop, systemTimers, type Timers } from '@ashlar/domain';
import type { Database } from '@ashlar/postgres';

export interface EventArchiveOptions {
  readonly db: Database;
  /** Milliseconds from a stream's end until it is archived; 30 days by default. */
  readonly afterMs?: number;
  readonly timers?: Timers;
  readonly onError?: (error: unknown) => void;
}

const LOOK_EVERY_MS = 60_000;
const MONTH_MS = 30 * 86_400_000;
const STREAMS_AT_ONCE = 100;

/**
 * Moves ended streams out of the table that is appended to. Readers notice nothing: they read both, in one order. Each
 * stream moves in a transaction of its own, so that it is wholly here or there, and nobody waits for another's.
 */
export class EventArchive {
  readonly #options: Required<EventArchiveOptions>;
  #stop: Stop = () => {};

  constructor(options: EventArchiveOptions) {
    this.#options = { afterMs: MONTH_MS, timers: systemTimers, onError: () => {}, ...options };
  }

  /** Archives what is due, every minute. */
  start(): void {
    const { timers, onError } = this.#options;
    this.#stop = timers.every(LOOK_EVERY_MS, async () => void (await this.archiveDue()), onError);
  }

  stop(): void {
    this.#stop();
  }

  /** Returns how many events have moved: 0 the second time. Throws DomainError `stream_not_ended` (conflict). */
  async archive(stream: string): Promise<number> {
    const [row] = await this.#options.db.execute<{ moved: number | null }>('select archive_stream($1) as moved', [
      stream,
    ]);
    const moved = row?.moved ?? undefined;
    if (moved === undefined) {
      throw new DomainError('stream_not_ended', 'conflict', `The stream ${stream} has not ended.`);
    }
    return moved;
  }

  /** Archives every stream that has ended, however recently; returns how many streams and events have moved. */
  async archiveEnded(): Promise<{ readonly streams: number; readonly events: number }> {
    let [streams, events] = [0, 0];
    for (let due = await this.#due(0); due.length > 0; due = await this.#due(0)) {
      for (const stream of due) events += await this.archive(stream);
      streams += due.length;
    }
    return { streams, events };
  }

  /** Archives at most a hundred streams that ended long enough ago, the oldest first; returns their names. */
  async archiveDue(): Promise<string[]> {
    const due = await this.#due(this.#options.afterMs);
    for (const stream of due) await this.archive(stream);
    return due;
  }

  async #due(afterMs: number): Promise<string[]> {
    const due = await this.#options.db.query<{ stream: string }>(
      `select stream from streams
       where archived_at is null and ended_at <= clock_timestamp() - $1::bigint * interval '1 millisecond'
       order by ended_at limit ${STREAMS_AT_ONCE}`,
      [afterMs],
    );
    return due.map(({ stream }) => stream);
  }
}
