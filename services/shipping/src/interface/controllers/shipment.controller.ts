import { sendWithEtag } from '@ashlar/http';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { ShippingApplication } from '../../application/shipping.application.ts';
import { delivery, dispatch, reading } from './shipment.schemas.ts';

export const shipmentController =
  ({ viewShipment, moveShipment }: ShippingApplication): FastifyPluginAsyncTypebox =>
  async (http) => {
    http.get('/v1/shipments/:id', reading, async (request, reply) => {
      const { version, userId: _, ...shipment } = await viewShipment.execute(request.params.id, request.caller);
      return sendWithEtag(request, reply, { version, body: shipment });
    });

    http.post(
      '/v1/shipments/:id/dispatch',
      { ...dispatch, preHandler: ({ params }) => moveShipment.awaitConfirmation(params.id) },
      async ({ params }) => moveShipment.execute(params.id, 'dispatch'),
    );

    http.post('/v1/shipments/:id/delivery', delivery, async ({ params }) => moveShipment.execute(params.id, 'deliver'));
  };
