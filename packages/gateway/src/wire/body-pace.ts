/** How fast a body has to come, as a client's connection needs it. */
export interface Pace {
  /** How long nothing may come, and how far behind the rate it may fall; in milliseconds. */
  readonly requestMs: number;
  /** The least rate; 1,024 when not told. */
  readonly bodyBytesPerSecond?: number;
}

const BYTES_PER_SECOND = 1_024;

/**
 * Until when more of a body has to be there: each part that comes earns the time that it may take at the least rate,
 * but none in advance. So a large body may take its time, and one that drips in may not.
 */
export class BodyPace {
  readonly #silenceMs: number;
  readonly #msPerByte: number;
  #deadlineAt: number;
  #leftMs: number | undefined;

  constructor({ requestMs, bodyBytesPerSecond = BYTES_PER_SECOND }: Pace, now: number) {
    this.#silenceMs = requestMs;
    this.#msPerByte = 1_000 / bodyBytesPerSecond;
    this.#deadlineAt = now + requestMs;
  }

  /** Answers until when. While nobody reads on, the time is not the client's. */
  received(bytes: number, { now, isReadOn }: { readonly now: number; readonly isReadOn: boolean }): number {
    this.#deadlineAt = Math.min(now + this.#silenceMs, this.#deadlineAt + bytes * this.#msPerByte);
    if (isReadOn) return this.#deadlineAt;
    this.#leftMs = this.#deadlineAt - now;
    return Number.POSITIVE_INFINITY;
  }

  /** It is read, or read on. */
  resume(now: number): number {
    if (this.#leftMs !== undefined) this.#deadlineAt = now + this.#leftMs;
    this.#leftMs = undefined;
    return this.#deadlineAt;
  }
}
