import { Id, IdParams, ListOf, NotModified, OneOf, Time } from '@ashlar/http';
import Type from 'typebox';
import { PUBLIC_STATUSES } from '../../domain/entities/shipment.entity.ts';

/** A shipment as clients see it. */
const ShipmentView = Type.Object(
  {
    id: Id,
    orderId: Id,
    status: OneOf(...PUBLIC_STATUSES),
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

const ofItsCustomer = (shipment: unknown) => (shipment as { readonly userId?: string }).userId;

export const reading = {
  config: { access: 'user', refuses: { shipment_not_found: 'not_found', forbidden: 'forbidden' } },
  schema: { summary: 'Read a shipment', params: IdParams, response: { 200: ShipmentView, 304: NotModified } },
} as const;

const byAdmin = {
  access: 'admin',
  idempotent: true,
  about: ofItsCustomer,
  refuses: { shipment_not_found: 'not_found', wrong_status: 'conflict', order_not_confirmed: 'conflict' },
} as const;

export const dispatch = {
  config: byAdmin,
  schema: {
    summary: 'Say that a parcel has left, once its order is confirmed',
    params: IdParams,
    response: { 200: ShipmentView },
  },
} as const;

export const delivery = {
  config: byAdmin,
  schema: { summary: 'Say that a parcel has arrived', params: IdParams, response: { 200: ShipmentView } },
} as const;
