import { cursorQuery, Money } from '@ashlar/http';
import Type from 'typebox';

// Patterns count code points, which is what people call characters, and see to it that there is more than white space.
const Line = (most: number) => Type.String({ pattern: `^(?=.*\\S)[^\\p{Cc}]{1,${most}}$` });
const Text = (most: number) => Type.String({ pattern: `^[\\s\\S]{0,${most}}$` });

const details = {
  name: Line(200),
  description: Type.Optional(Text(5_000)),
  category: Line(100),
  price: Money,
};

export const CreateBody = Type.Object({ sku: Type.String({ pattern: '^[\\x21-\\x7e]{1,64}$' }), ...details });

export const ChangeBody = Type.Object(
  {
    name: Type.Optional(details.name),
    description: details.description,
    category: Type.Optional(details.category),
    price: Type.Optional(details.price),
  },
  { minProperties: 1 },
);

export const ListQuery = cursorQuery({
  search: Type.Optional(Text(200)),
  category: Type.Optional(Text(100)),
  status: Type.Union([Type.Literal('active'), Type.Literal('archived')], { default: 'active' }),
});

const CLOSED = { additionalProperties: false };

/** Where the next page of a search begins, and of a list without one. */
export const SearchPosition = Type.Object({ rank: Type.Number(), id: Type.String() }, CLOSED);
export const ListPosition = Type.Object({ id: Type.String() }, CLOSED);
