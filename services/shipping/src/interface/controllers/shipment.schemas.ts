import { Id, ListOf, Time } from '@ashlar/http';
import Type from 'typebox';

/** A shipment as clients see it. */
export const ShipmentView = Type.Object(
  {
    id: Id,
    orderId: Id,
    status: Type.String({ description: 'scheduled, dispatched, delivered or cancelled' }),
    carrier: Type.Optional(Type.String()),
    trackingNumber: Type.Optional(Type.String()),
    address: Type.Optional(
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
    timeline: ListOf(Type.Object({ at: Time, type: Type.String() })),
  },
  { title: 'Shipment' },
);
