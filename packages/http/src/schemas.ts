import Type, { type TSchema } from 'typebox';

/** Minor units as a request may state them: 1..10^12. */
export const MoneyAmount = Type.Integer({ minimum: 1, maximum: 1_000_000_000_000 });

export const Currency = Type.String({ pattern: '^[A-Z]{3}$' });

/** Money as a request may state it. */
export const Money = Type.Object({ amount: MoneyAmount, currency: Currency });

/** Money as an answer states it: zero and sums are allowed. */
export const MoneyView = Type.Object({ amount: Type.Integer(), currency: Currency });

/** An id in a path or a body: a UUID in lower case. */
export const Id = Type.String({ pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' });

export const IdParams = Type.Object({ id: Id });

const cursorFields = {
  limit: Type.Integer({ minimum: 1, maximum: 100, default: 20 }),
  cursor: Type.Optional(Type.String({ maxLength: 1024 })),
};

/** The query of a list. Put further filters in with `cursorQuery`. */
export const CursorQuery = Type.Object(cursorFields);

export const cursorQuery = <Filters extends Record<string, TSchema>>(filters: Filters) =>
  Type.Object({ ...filters, ...cursorFields });

/** The answer of a list. */
export const PageOf = <Item extends TSchema>(item: Item) =>
  Type.Object({ items: Type.Array(item), nextCursor: Type.Union([Type.String(), Type.Null()]) });
