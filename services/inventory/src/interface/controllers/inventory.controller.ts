import { Id, NotModified, sendWithEtag } from '@ashlar/http';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import type { InventoryApplication } from '../../application/inventory.application.ts';

const MOST = 1_000_000_000_000;
const Params = Type.Object({ productId: Id });
const AdjustmentBody = Type.Object({
  delta: Type.Integer({ minimum: -MOST, maximum: MOST }),
  reason: Type.String({ minLength: 1, maxLength: 500 }),
});

const StockLevel = Type.Object(
  {
    productId: Id,
    onHand: Type.Integer(),
    reserved: Type.Integer(),
    available: Type.Integer(),
  },
  { title: 'StockLevel' },
);

export const inventoryController =
  ({ getStock, adjustStock }: InventoryApplication): FastifyPluginAsyncTypebox =>
  async (http) => {
    http.get(
      '/v1/inventory/:productId',
      {
        config: { access: 'public', refuses: { product_not_found: 'not_found' } },
        schema: { params: Params, response: { 200: StockLevel, 304: NotModified } },
      },
      async (request, reply) => {
        const stock = await getStock.execute(request.params.productId);
        reply.header('cache-control', 'no-store');
        return sendWithEtag(request, reply, { version: `${stock.onHand}-${stock.reserved}`, body: stock });
      },
    );

    http.post(
      '/v1/inventory/:productId/adjustments',
      {
        config: {
          access: 'admin',
          idempotent: true,
          refuses: { product_not_found: 'not_found', negative_stock: 'conflict', stock_limit: 'conflict' },
        },
        schema: { params: Params, body: AdjustmentBody, response: { 201: StockLevel } },
      },
      async ({ params: { productId }, body, caller }, reply) =>
        reply.code(201).send(await adjustStock.execute({ productId, ...body, adjustedBy: caller.id })),
    );
  };
