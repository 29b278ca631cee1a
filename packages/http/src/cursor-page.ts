import { DomainError } from '@ashlar/domain';
import type { Static, TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { closed } from './closed-schema.ts';

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

/** One page of a list: read `fetch` rows after the position `after`, then make the answer `of` them. */
export interface CursorPage<Position> {
  readonly limit: number;
  /** One more than the page holds, to see whether another page follows. */
  readonly fetch: number;
  readonly after: Position | undefined;
  of<Item>(rows: readonly Item[], positionOf: (last: Item) => Position): Page<Item>;
}

/** Reads the query of a list. `position` is the schema of what a cursor holds; what does not fit is `bad_cursor`. */
export function cursorPage<Position extends TSchema>(
  { limit = 20, cursor }: { readonly limit?: number | undefined; readonly cursor?: string | undefined },
  position: Position,
): CursorPage<Static<Position>> {
  const after = cursor === undefined ? undefined : decode(cursor, position);
  return {
    limit,
    fetch: limit + 1,
    after,
    of(rows, positionOf) {
      const items = rows.slice(0, limit);
      const last = rows.length > limit ? items.at(-1) : undefined;
      return { items, nextCursor: last === undefined ? null : encode(positionOf(last)) };
    },
  };
}

const encode = (position: unknown): string => Buffer.from(JSON.stringify(position)).toString('base64url');

function decode<Position extends TSchema>(cursor: string, schema: Position): Static<Position> {
  try {
    const text = Buffer.from(cursor, 'base64url').toString('utf8');
    const position: unknown = JSON.parse(text);
    const storable = !text.includes('\\u0000') && text.isWellFormed();
    if (storable && encode(position) === cursor && Value.Check(closed(schema) as Position, position)) return position;
  } catch {
    // It is refused below, like every other cursor that is not ours.
  }
  throw new DomainError('bad_cursor', 'malformed', 'The cursor is not one of this list; start again without it.');
}
