import { IdParams, sendWithEtag } from '@ashlar/http';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { ShippingApplication } from '../../application/shipping.application.ts';

export const shipmentController =
  ({ viewShipment, moveShipment }: ShippingApplication): FastifyPluginAsyncTypebox =>
  async (http) => {
    http.get(
      '/v1/shipments/:id',
      { config: { access: 'user' }, schema: { params: IdParams } },
      async (request, reply) => {
        const { version, ...shipment } = await viewShipment.execute(request.params.id, request.caller);
        return sendWithEtag(request, reply, { version, body: shipment });
      },
    );

    const byAdmin = { config: { access: 'admin', idempotent: true }, schema: { params: IdParams } } as const;
    http.post(
      '/v1/shipments/:id/dispatch',
      { ...byAdmin, preHandler: ({ params }) => moveShipment.awaitConfirmation(params.id) },
      async ({ params }) => moveShipment.execute(params.id, 'dispatch'),
    );
    http.post('/v1/shipments/:id/delivery', byAdmin, async ({ params }) => moveShipment.execute(params.id, 'deliver'));
  };
