import Type, { type Static, type TSchema } from 'typebox';

/** Minor units as a request may state them: 1..10^12. */
export const MoneyAmount = Type.Integer({ minimum: 1, maximum: 1_000_000_000_000 });

const CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'));

/** An ISO 4217 code of a currency that is in use. */
export const Currency = Type.Refine(
  Type.String({ pattern: '^[A-Z]{3}$', description: 'an ISO 4217 code in capitals, such as USD' }),
  (code) => CURRENCIES.has(code),
  () => 'is not the ISO 4217 code of a currency',
);

/** Money as a request may state it. */
export const Money = Type.Object({ amount: MoneyAmount, currency: Currency });

/** Money as an answer states it: zero and sums are allowed. */
export const MoneyView = Type.Object({ amount: Type.Integer(), currency: Currency }, { title: 'Money' });

/** An id in a path or a body: a UUID in lower case. */
export const Id = Type.String({
  pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$',
  description: 'a UUID in lower case',
});

export const IdParams = Type.Object({ id: Id });

const cursorFields = {
  limit: Type.Integer({ minimum: 1, maximum: 100, default: 20 }),
  cursor: Type.Optional(Type.String({ maxLength: 1024 })),
};

/** The query of a list. Put further filters in with `cursorQuery`. */
export const CursorQuery = Type.Object(cursorFields);

export const cursorQuery = <Filters extends Record<string, TSchema>>(filters: Filters) =>
  Type.Object({ ...filters, ...cursorFields });

/** A time in an answer: handlers may hand over a `Date`, clients read RFC 3339 in UTC. */
export const Time = Type.Unsafe<Date | string>({ type: 'string', format: 'date-time' });

/** One of these words. */
export const OneOf = <const Word extends string>(...words: readonly Word[]) => Type.Unsafe<Word>({ enum: [...words] });

/** A list in an answer. */
export const ListOf = <Item extends TSchema>(item: Item) => Type.Unsafe<readonly Static<Item>[]>(Type.Array(item));

/** The answer of a list. */
export const PageOf = <Item extends TSchema>(item: Item) =>
  Type.Object({ items: ListOf(item), nextCursor: Type.Unsafe<string | null>({ type: ['string', 'null'] }) });

/** A stream of Server-Sent Events, each with data of this schema. */
export const EventsOf = <Data extends TSchema>(data: Data) => ({
  description: 'Server-Sent Events; the data of each keep the schema in `x-event-data`.',
  content: { 'text/event-stream': { schema: { type: 'string' as const, 'x-event-data': data } } },
});

/** The answer that has no body. */
export const Nothing = Type.Unsafe<undefined>({ type: 'null', description: 'Done; there is nothing to tell.' });

/** The answer to a client that has this version already. */
export const NotModified = Type.Unsafe<undefined>({
  type: 'null',
  description: 'What `If-None-Match` names is still the newest.',
});
