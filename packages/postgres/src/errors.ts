import { DomainError } from '@ashlar/domain';

/** Someone else changed what a transaction had read: load again and decide again. */
export class ConcurrencyError extends Error {
  override readonly name = 'ConcurrencyError';

  constructor(
    what: string,
    readonly actualVersion?: number,
  ) {
    super(`${what} was changed by someone else.`);
  }
}

/**
 * The connection was lost while the commit was on its way: it may have happened, or not. Look it up; never just retry.
 */
export class UnknownCommitError extends Error {
  override readonly name = 'UnknownCommitError';
}

/** A transaction that others must not notice was to leave a message or a job. */
export class EffectRefusedError extends Error {
  override readonly name = 'EffectRefusedError';

  constructor(buffer: string) {
    super(`This transaction takes no effects, such as those of "${buffer}".`);
  }
}

interface SqlError {
  readonly code: string;
  readonly message: string;
  readonly constraint?: string;
}

export const isSqlError = (error: unknown): error is SqlError =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code);

const RETRYABLE = new Set(['40001', '40P01', '55P03']);

/** A prepared statement of a table that was replaced since: it has to be planned anew, in a new transaction. */
export const isStalePlan = (error: unknown): boolean =>
  isSqlError(error) && error.code === '0A000' && error.message === 'cached plan must not change result type';

/** Serialization failure, deadlock, lock time-out, stale plan or a lost version race: a new transaction may succeed. */
export const isRetryable = (error: unknown): boolean =>
  error instanceof ConcurrencyError || (isSqlError(error) && RETRYABLE.has(error.code)) || isStalePlan(error);

export const isUniqueViolation = (error: unknown, constraint?: string): boolean =>
  isSqlError(error) && error.code === '23505' && (constraint === undefined || error.constraint === constraint);

/** Of the way to the server; and it has no room on its disk, or for another connection. */
const AWAY_CODES = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'],
  ...['53100', '53300'],
]);

/** Connection exceptions; an administrator's, a crash's, or a time-out's end of the session; a server that starts. */
const SESSION_ENDED = /^(?:08|57P0[1-5]|25P0[34])/;

export const isSessionEnded = (error: unknown): boolean => isSqlError(error) && SESSION_ENDED.test(error.code);

/** The database cannot be reached, has just ended the session, or has no room: nobody's request is to blame. */
export function isUnreachable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('code' in error && typeof error.code === 'string') {
    if (AWAY_CODES.has(error.code) || isSessionEnded(error)) return true;
  }
  return /Connection terminated|connection error|timeout exceeded when trying to connect/.test(error.message);
}

/** How our own functions refuse: `code: sentence`. */
const REFUSED = 'AS409';
const REFUSAL = /^([a-z_]+): (.*)$/s;
const LOST_RACE = /^lost race: (.*?)(?: \(at version (\d+)\))?$/s;

/**
 * A lost version race arrives from SQL as 40001, raised by `expect_rows`, or by a function that knows the actual
 * version; a refusal by a rule that is kept in the database as AS409.
 */
export function fromSql(error: unknown): unknown {
  if (!isSqlError(error)) return error;
  if (error.code === REFUSED) {
    const [, code = 'conflict', sentence = error.message] = REFUSAL.exec(error.message) ?? [];
    return new DomainError(code, 'conflict', sentence);
  }
  if (error.code !== '40001') return error;
  const [, what, version] = LOST_RACE.exec(error.message) ?? [];
  if (what === undefined) return error;
  return new ConcurrencyError(what, version === undefined ? undefined : Number(version));
}
