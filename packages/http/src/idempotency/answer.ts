import type { Written } from '@ashlar/telemetry';

/** A whole answer: what the client gets, and what a replay gives again. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: unknown;
}

/** Whether a later request with the same key gets this again: not a failure of ours, nor what a new try may change. */
export const isKept = (status: number): boolean => status < 500 && status !== 401 && status !== 429;

/** An answer as it was stored, with the messages that its request committed. */
export interface StoredAnswer extends Answer {
  readonly written: readonly Written[];
}

/** Thrown to end a request with the answer that its key got before. */
export class AnsweredBefore extends Error {
  override readonly name = 'AnsweredBefore';

  constructor(readonly answer: StoredAnswer) {
    super('The request was answered before.');
  }
}
