import { IdParams, NotModified, sendWithEtag } from '@ashlar/http';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { ShippingApplication } from '../../application/shipping.application.ts';
import { ShipmentView } from './shipment.schemas.ts';

const ofItsCustomer = (shipment: unknown) => (shipment as { readonly userId?: string }).userId;

export const shipmentController =
  ({ viewShipment, moveShipment }: ShippingApplication): FastifyPluginAsyncTypebox =>
  async (http) => {
    http.get(
      '/v1/shipments/:id',
      {
        config: { access: 'user', refuses: { shipment_not_found: 'not_found', forbidden: 'forbidden' } },
        schema: { params: IdParams, response: { 200: ShipmentView, 304: NotModified } },
      },
      async (request, reply) => {
        const { version, userId: _, ...shipment } = await viewShipment.execute(request.params.id, request.caller);
        return sendWithEtag(request, reply, { version, body: shipment });
      },
    );

    const refuses = {
      shipment_not_found: 'not_found',
      wrong_status: 'conflict',
      order_not_confirmed: 'conflict',
    } as const;
    const byAdmin = {
      config: { access: 'admin', idempotent: true, about: ofItsCustomer, refuses },
      schema: { params: IdParams, response: { 200: ShipmentView } },
    } as const;
    http.post(
      '/v1/shipments/:id/dispatch',
      { ...byAdmin, preHandler: ({ params }) => moveShipment.awaitConfirmation(params.id) },
      async ({ params }) => moveShipment.execute(params.id, 'dispatch'),
    );
    http.post('/v1/shipments/:id/delivery', byAdmin, async ({ params }) => moveShipment.execute(params.id, 'deliver'));
  };
