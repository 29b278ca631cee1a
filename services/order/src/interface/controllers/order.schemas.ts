import {
  Currency,
  cursorQuery,
  EventsOf,
  Id,
  IdParams,
  ListOf,
  MoneyView,
  NotModified,
  OneOf,
  PageOf,
  Time,
} from '@ashlar/http';
import Type from 'typebox';

const Line = (maxLength: number) =>
  Type.Refine(
    Type.String({ minLength: 1, maxLength }),
    (text) => /\S/.test(text),
    () => 'must be more than white space',
  );

const CreateOrderBody = Type.Object({
  items: Type.Array(Type.Object({ productId: Id, quantity: Type.Integer({ minimum: 1, maximum: 1000 }) }), {
    minItems: 1,
    maxItems: 50,
  }),
  currency: Currency,
  shippingAddress: Type.Object({
    name: Line(200),
    line1: Line(200),
    line2: Type.Optional(Line(200)),
    city: Line(200),
    postalCode: Line(20),
    country: Type.String({ pattern: '^[A-Z]{2}$', description: 'two capital letters, such as GB' }),
  }),
});

const Status = OneOf('pending', 'confirmed', 'rejected', 'cancelled', 'shipped', 'delivered');

const ListQuery = cursorQuery({ status: Type.Optional(Status), userId: Type.Optional(Id) });

/** An order as clients see it. */
const OrderView = Type.Object(
  {
    id: Id,
    userId: Id,
    status: Status,
    reason: Type.Optional(Type.String({ description: 'Why it was rejected.' })),
    items: ListOf(Type.Object({ productId: Id, name: Type.String(), quantity: Type.Integer(), unitPrice: MoneyView })),
    total: MoneyView,
    shippingAddress: Type.Optional(
      Type.Object(
        {
          name: Type.String(),
          line1: Type.String(),
          line2: Type.Optional(Type.String()),
          city: Type.String(),
          postalCode: Type.String(),
          country: Type.String(),
        },
        { description: 'Gone once the user has gone.' },
      ),
    ),
    shipmentId: Type.Optional(Id),
    timeline: ListOf(Type.Object({ at: Time, type: Type.String(), detail: Type.Optional(Type.String()) })),
    createdAt: Time,
    updatedAt: Time,
  },
  { title: 'Order' },
);

const ofItsCustomer = (order: unknown) => (order as { readonly userId?: string }).userId;

const OF_ONE = { order_not_found: 'not_found', forbidden: 'forbidden' } as const;

export const creation = {
  config: {
    access: 'user',
    idempotent: true,
    about: ofItsCustomer,
    refuses: {
      unknown_product: 'invalid',
      product_archived: 'invalid',
      currency_mismatch: 'invalid',
      total_too_large: 'invalid',
    },
  },
  schema: {
    summary: 'Place an order; it is decided later, and watched by its events',
    body: CreateOrderBody,
    response: { 202: OrderView },
  },
} as const;

export const list = {
  config: { access: 'user', refuses: { bad_cursor: 'malformed' } },
  schema: { summary: 'List orders, the newest first', querystring: ListQuery, response: { 200: PageOf(OrderView) } },
} as const;

export const reading = {
  config: { access: 'user', refuses: OF_ONE },
  schema: { summary: 'Read an order', params: IdParams, response: { 200: OrderView, 304: NotModified } },
} as const;

export const following = {
  config: { access: 'user', refuses: OF_ONE },
  schema: {
    summary: 'Follow the status of an order as Server-Sent Events',
    params: IdParams,
    response: { 200: EventsOf(OrderView) },
  },
} as const;

export const cancellation = {
  config: {
    access: 'user',
    idempotent: true,
    about: ofItsCustomer,
    refuses: { ...OF_ONE, too_late: 'conflict', not_cancellable: 'conflict' },
  },
  schema: {
    summary: 'Cancel an order, until its payment is being taken',
    params: IdParams,
    response: { 202: OrderView },
  },
} as const;
