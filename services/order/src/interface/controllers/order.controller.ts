import { Currency, cursorPage, cursorQuery, Id, IdParams, sendWithEtag } from '@ashlar/http';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import type { OrderApplication } from '../../application/order.application.ts';

const Line = (maxLength: number) => Type.String({ minLength: 1, maxLength });

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
    country: Type.String({ pattern: '^[A-Z]{2}$' }),
  }),
});

const Status = Type.Union([
  Type.Literal('pending'),
  Type.Literal('confirmed'),
  Type.Literal('rejected'),
  Type.Literal('cancelled'),
  Type.Literal('shipped'),
  Type.Literal('delivered'),
]);

export const orderController =
  ({ createOrder, getOrder, listOrders, cancelOrder }: OrderApplication): FastifyPluginAsyncTypebox =>
  async (http) => {
    http.post(
      '/v1/orders',
      { config: { access: 'user', idempotent: true }, schema: { body: CreateOrderBody } },
      async ({ body, caller }, reply) => {
        const order = await createOrder.execute({ ...body, userId: caller.id });
        return reply.code(202).header('location', `/v1/orders/${order.id}`).send(order);
      },
    );

    http.get(
      '/v1/orders',
      {
        config: { access: 'user' },
        schema: { querystring: cursorQuery({ status: Type.Optional(Status), userId: Type.Optional(Id) }) },
      },
      async ({ query: { limit, cursor, status, userId }, caller }) => {
        const page = cursorPage({ limit, ...(cursor !== undefined && { cursor }) }, Type.String());
        const owner = caller.role === 'admin' && userId ? userId : caller.id;
        const filter = {
          userId: owner,
          limit: page.fetch,
          ...(status && { status }),
          ...(page.after !== undefined && { before: page.after }),
        };
        return page.of(await listOrders.execute(filter), ({ id }) => id);
      },
    );

    http.get('/v1/orders/:id', { config: { access: 'user' }, schema: { params: IdParams } }, async (request, reply) => {
      const { order, version } = await getOrder.execute(request.params.id, request.caller);
      return sendWithEtag(request, reply, { version, body: order });
    });

    http.post(
      '/v1/orders/:id/cancellation',
      { config: { access: 'user', idempotent: true }, schema: { params: IdParams } },
      async ({ params, caller }, reply) => reply.code(202).send(await cancelOrder.execute(params.id, caller)),
    );
  };
