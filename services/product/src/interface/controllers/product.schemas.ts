import { cursorQuery, Id, IdParams, Money, MoneyView, Nothing, NotModified, OneOf, PageOf, Time } from '@ashlar/http';
import Type from 'typebox';

// Patterns count code points, which is what people call characters, and see to it that there is more than white space.
const Line = (most: number) =>
  Type.String({
    pattern: `^(?=.*\\S)[^\\p{Cc}]{1,${most}}$`,
    description: `one line of 1 to ${most} characters, and more than white space`,
  });
const Text = (most: number) =>
  Type.String({ pattern: `^[\\s\\S]{0,${most}}$`, description: `a text of at most ${most} characters` });
const Sku = Type.String({ pattern: '^[\\x21-\\x7e]{1,64}$', description: '1 to 64 visible ASCII characters' });

const details = {
  name: Line(200),
  description: Type.Optional(Text(5_000)),
  category: Line(100),
  price: Money,
};

export const CreateBody = Type.Object({ sku: Sku, ...details });

export const ChangeBody = Type.Object(
  {
    name: Type.Optional(details.name),
    description: details.description,
    category: Type.Optional(details.category),
    price: Type.Optional(details.price),
  },
  { minProperties: 1 },
);

/** A product as clients see it. */
export const ProductView = Type.Object(
  {
    id: Id,
    sku: Type.String(),
    name: Type.String(),
    description: Type.String(),
    category: Type.String(),
    price: MoneyView,
    status: OneOf('active', 'archived'),
    version: Type.Integer(),
    createdAt: Time,
    updatedAt: Time,
  },
  { title: 'Product' },
);

export const ListQuery = cursorQuery({
  search: Type.Optional(Text(200)),
  category: Type.Optional(Text(100)),
  status: Type.Union([Type.Literal('active'), Type.Literal('archived')], { default: 'active' }),
});

/** Where the next page of a search begins, and of a list without one. */
export const SearchPosition = Type.Object({ rank: Type.Number(), id: Id });
export const ListPosition = Type.Object({ id: Id });

const ADMIN = { access: 'admin', idempotent: true } as const;

const PUBLIC = { access: 'public' } as const;

const UNKNOWN = { product_not_found: 'not_found' } as const;

const OF_ONE = { ...UNKNOWN, precondition_failed: 'precondition' } as const;

export const list = {
  config: {
    ...PUBLIC,
    refuses: { bad_cursor: 'malformed', unauthenticated: 'unauthenticated', forbidden: 'forbidden' },
  },
  schema: {
    summary: 'List or search products',
    querystring: ListQuery,
    response: { 200: PageOf(ProductView), 304: NotModified },
  },
} as const;

export const reading = {
  config: { ...PUBLIC, refuses: UNKNOWN },
  schema: {
    summary: 'Read a product, archived ones too',
    params: IdParams,
    response: { 200: ProductView, 304: NotModified },
  },
} as const;

export const creation = {
  config: { ...ADMIN, refuses: { sku_taken: 'conflict' } },
  schema: { summary: 'Add a product to the catalogue', body: CreateBody, response: { 201: ProductView } },
} as const;

export const change = {
  config: { ...ADMIN, refuses: { ...OF_ONE, product_archived: 'conflict' } },
  schema: { summary: 'Change a product', params: IdParams, body: ChangeBody, response: { 200: ProductView } },
} as const;

export const archiving = {
  config: { ...ADMIN, refuses: OF_ONE },
  schema: {
    summary: 'Take a product out of the catalogue; it can still be read by its id',
    params: IdParams,
    response: { 204: Nothing },
  },
} as const;
