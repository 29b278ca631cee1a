import type { Parcel } from './message.ts';

/** One ordered line of messages. */
export interface Line {
  readonly source: string;
  readonly channel: string;
  readonly key: string;
}

export const lineOf = ({ channel, message }: Parcel): Line => ({
  source: message.source,
  channel,
  key: message.subject,
});

export const lineId = ({ source, channel, key }: Line): string => `${source}\n${channel}\n${key}`;

/** How far a consumer has come on one line. */
export interface Mark {
  readonly sequence: number;
  /** Messages of this line are in the parking lot: what follows has to queue behind them. */
  readonly parked: boolean;
  /** The message that bore the highest number. */
  readonly lastId?: string | null;
  /** Others under this number on which an operator has decided. */
  readonly otherIds?: readonly string[] | null;
}

export type Verdict = 'handled' | 'diverged' | 'parked' | 'next' | 'ahead';

/**
 * What is to be done with a message. The order of the questions matters: a parked message that comes again stays
 * parked. Another message under the number of the last one comes from a source that was restored from a backup.
 */
export function judge(mark: Mark, { sequence, id }: { readonly sequence: number; readonly id: string }): Verdict {
  const isKnown = mark.lastId === id || mark.otherIds?.includes(id);
  if (sequence === mark.sequence && mark.lastId && !isKnown) return 'diverged';
  if (sequence <= mark.sequence) return 'handled';
  if (mark.parked) return 'parked';
  return sequence === mark.sequence + 1 ? 'next' : 'ahead';
}

/** The mark after a message has been handled or given up; one under the number of the last joins it. */
export function after(mark: Mark, { sequence, id }: { readonly sequence: number; readonly id: string }): Mark {
  if (sequence < mark.sequence) return mark;
  if (sequence > mark.sequence || !mark.lastId) return { parked: mark.parked, sequence, lastId: id };
  return mark.lastId === id ? mark : { ...mark, otherIds: [...(mark.otherIds ?? []), id] };
}

/** Clocks differ, and who draws its number later may have been said earlier, but not by so much. */
const LONGEST_RACE_MS = 60_000;

/**
 * Whether a message under a number that is long handled was said long after the one that bears the mark: its source was
 * restored from a backup and numbers anew. A message that only comes again was said before. Told by UUIDv7 alone, which
 * a clock that was put back makes uncertain: enough for a warning, and not to decide upon.
 */
export function isNumberedAgain(mark: Mark, { sequence, id }: { readonly sequence: number; readonly id: string }) {
  if (sequence >= mark.sequence || !mark.lastId) return false;
  return momentOf(id) - momentOf(mark.lastId) > LONGEST_RACE_MS;
}

/** The milliseconds at the beginning of a UUIDv7; not a number for any other. */
const momentOf = (id: string): number =>
  id[14] === '7' ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : Number.NaN;

/** The marks of one consumer, locked and changed inside the transaction that handles its messages. */
export interface Inbox {
  /** Locks the marks of these lines, in a fixed order, until the end of the transaction. */
  lock(lines: readonly Line[]): Promise<void>;
  /** The mark of a line that was locked before; a new line has handled nothing. */
  mark(line: Line): Mark;
  /** Whether the line has a mark of its own, or gets one in this transaction. */
  knows(line: Line): boolean;
  set(line: Line, mark: Mark): void;
  /** The mark as it is committed, without a lock, whatever the source. */
  read(line: Pick<Line, 'channel' | 'key'>): Promise<number>;
  /** Drops the marks of lines that have been idle for so long; never one with parked messages. */
  purge(idleMs: number): Promise<void>;
}

export const NEW_LINE: Mark = { sequence: 0, parked: false };
