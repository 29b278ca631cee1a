import { cursorPage, Id, sendWithEtag } from '@ashlar/http';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { OrderApplication } from '../../application/order.application.ts';
import { cancellation, creation, list, reading } from './order.schemas.ts';

export const orderController =
  ({ createOrder, getOrder, listOrders, cancelOrder }: OrderApplication): FastifyPluginAsyncTypebox =>
  async (http) => {
    http.post('/v1/orders', creation, async ({ body, caller }, reply) => {
      const order = await createOrder.execute({ ...body, userId: caller.id });
      return reply.code(202).header('location', `/v1/orders/${order.id}`).send(order);
    });

    http.get('/v1/orders', list, async ({ query: { limit, cursor, status, userId }, caller, freshness }) => {
      const page = cursorPage({ limit, cursor }, Id);
      const owner = caller.role === 'admin' && userId ? userId : caller.id;
      const filter = {
        userId: owner,
        limit: page.fetch,
        ...(status && { status }),
        ...(page.after !== undefined && { before: page.after }),
      };
      return page.of(await listOrders.execute(filter, freshness), ({ id }) => id);
    });

    http.get('/v1/orders/:id', reading, async (request, reply) => {
      const { order, version } = await getOrder.execute(request.params.id, request.caller, request.freshness);
      return sendWithEtag(request, reply, { version, body: order });
    });

    http.post('/v1/orders/:id/cancellation', cancellation, async ({ params, caller }, reply) =>
      reply.code(202).send(await cancelOrder.execute(params.id, caller)),
    );
  };
