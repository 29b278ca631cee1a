import { event, upcast } from '@ashlar/messaging';
import Type from 'typebox';
import { Address, ForOrder, OrderLine, SagaStyle, SealedDatum } from './checkout.ts';
import { Money } from './money.ts';

const Created = {
  orderId: Type.String(),
  userId: Type.String(),
  total: Money,
  lines: Type.Array(OrderLine),
  saga: SagaStyle,
};

const OrderCreatedV1 = event(
  'order.OrderCreated.v1',
  Type.Object({ ...Created, shippingAddress: Type.Optional(Address) }),
  { key: 'orderId' },
);

/**
 * In a choreography it carries what the participants need; they hear nothing else of the order. Where the address is
 * missing, shipping asks for it.
 */
export const OrderCreated = event(
  'order.OrderCreated.v2',
  Type.Object({ ...Created, shippingAddress: Type.Optional(SealedDatum) }),
  { key: 'orderId', past: upcast(OrderCreatedV1, ({ shippingAddress: _, ...order }) => order) },
);

/** What shipping has asked for by `AddressWanted`, sealed for it. */
export const AddressTold = event(
  'order.AddressTold.v1',
  Type.Object({ orderId: Type.String(), address: SealedDatum }),
  { key: 'orderId' },
);
export const OrderStatusChanged = event(
  'order.OrderStatusChanged.v1',
  Type.Object({
    orderId: Type.String(),
    userId: Type.String(),
    status: Type.String(),
    reason: Type.Optional(Type.String()),
  }),
  { key: 'orderId' },
);

/**
 * How an order stands for those who read it; `version` counts its changes. It feeds the read side of the order service,
 * and carries the address only for as long as the order has one.
 */
export const OrderChanged = event(
  'order.OrderChanged.v1',
  Type.Object({
    orderId: Type.String(),
    version: Type.Integer({ minimum: 1 }),
    userId: Type.String(),
    status: Type.String(),
    reason: Type.Optional(Type.String()),
    items: Type.Array(
      Type.Object({
        productId: Type.String(),
        name: Type.String(),
        quantity: Type.Integer({ minimum: 1 }),
        unitPrice: Money,
      }),
    ),
    total: Money,
    shippingAddress: Type.Optional(SealedDatum),
    shipmentId: Type.Optional(Type.String()),
    timeline: Type.Array(Type.Object({ at: Type.String(), type: Type.String(), detail: Type.Optional(Type.String()) })),
    createdAt: Type.String(),
    updatedAt: Type.String(),
  }),
  { key: 'orderId', channel: 'changes' },
);

/** The point of no return of a choreography: all three have reserved, and the order can no longer be cancelled. */
export const CaptureRequested = event('order.CaptureRequested.v1', ForOrder, { key: 'orderId' });

/** Everybody undoes and answers, whether the order is known or not. */
export const OrderTimedOut = event('order.OrderTimedOut.v1', ForOrder, { key: 'orderId' });
export const OrderCancelled = event('order.OrderCancelled.v1', ForOrder, { key: 'orderId' });
