import { sendWithEtag } from '@ashlar/http';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { InventoryApplication } from '../../application/inventory.application.ts';
import { adjustment, reading } from './inventory.schemas.ts';

export const inventoryController =
  ({ getStock, adjustStock }: InventoryApplication): FastifyPluginAsyncTypebox =>
  async (http) => {
    http.get('/v1/inventory/:productId', reading, async (request, reply) => {
      const stock = await getStock.execute(request.params.productId);
      reply.header('cache-control', 'no-store');
      return sendWithEtag(request, reply, { version: `${stock.onHand}-${stock.reserved}`, body: stock });
    });

    http.post('/v1/inventory/:productId/adjustments', adjustment, async ({ params, body, caller }, reply) =>
      reply.code(201).send(await adjustStock.execute({ ...params, ...body, adjustedBy: caller.id })),
    );
  };
