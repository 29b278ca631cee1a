import type { HeaderList } from '../wire/header-list.ts';
import { parseHttpDate } from './http-date.ts';
import type { StoredAnswer } from './stored-answer.ts';

const opaque = (tag: string): string => tag.trim().replace(/^W\//, '');

/** Whether the client has what is stored already (RFC 9110, section 13.2.2). */
export function isNotModified({ status, headers, receivedAtMs }: StoredAnswer, asked: HeaderList): boolean {
  if (status !== 200) return false;
  const tags = asked.get('if-none-match');
  if (tags !== undefined) {
    const etag = headers.get('etag');
    if (tags.trim() === '*') return true;
    return etag !== undefined && tags.split(',').some((tag) => opaque(tag) === opaque(etag));
  }
  const sinceMs = parseHttpDate(asked.get('if-modified-since'), receivedAtMs);
  if (sinceMs === undefined) return false;
  const modified = headers.get('last-modified') ?? headers.get('date');
  const modifiedMs = parseHttpDate(modified, receivedAtMs);
  return modifiedMs !== undefined && modifiedMs <= sinceMs;
}

/** The fields of a 304: those that a client updates its own copy with. */
export function notModifiedHeaders(headers: HeaderList): HeaderList {
  const kept = headers.copy();
  for (const name of ['content-length', 'content-type', 'content-encoding', 'content-range']) kept.delete(name);
  return kept;
}

export interface ByteRange {
  readonly start: number;
  /** Inclusive. */
  readonly end: number;
}

const RANGE = /^bytes=(\d*)-(\d*)$/;

/** One range of a stored body; undefined when the whole is to be sent, `none` when there are no such bytes. */
export function rangeOf({ status, headers, body }: StoredAnswer, asked: HeaderList): ByteRange | 'none' | undefined {
  const match = RANGE.exec(asked.get('range') ?? '');
  if (!match || status !== 200 || !conditionHolds(headers, asked.get('if-range'))) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return undefined;
  const size = body.length;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(size - 1, Number(last));
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  return start >= size || start > end ? 'none' : { start, end };
}

function conditionHolds(headers: HeaderList, ifRange: string | undefined): boolean {
  if (ifRange === undefined) return true;
  if (ifRange.startsWith('"')) return headers.get('etag') === ifRange;
  return headers.get('last-modified') === ifRange;
}
