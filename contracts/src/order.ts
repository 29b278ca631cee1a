import { event } from '@ashlar/messaging';
import Type from 'typebox';
import { Address, ForOrder, OrderLine, SagaStyle } from './checkout.ts';
import { Money } from './money.ts';

/** In a choreography it carries what the participants need; they hear nothing else of the order. */
export const OrderCreated = event(
  'order.OrderCreated.v1',
  Type.Object({
    orderId: Type.String(),
    userId: Type.String(),
    total: Money,
    lines: Type.Array(OrderLine),
    saga: SagaStyle,
    shippingAddress: Type.Optional(Address),
  }),
);
export const OrderStatusChanged = event(
  'order.OrderStatusChanged.v1',
  Type.Object({
    orderId: Type.String(),
    userId: Type.String(),
    status: Type.String(),
    reason: Type.Optional(Type.String()),
  }),
);

/** The point of no return of a choreography: all three have reserved, and the order can no longer be cancelled. */
export const CaptureRequested = event('order.CaptureRequested.v1', ForOrder);

/** Everybody undoes and answers, whether the order is known or not. */
export const OrderTimedOut = event('order.OrderTimedOut.v1', ForOrder);
export const OrderCancelled = event('order.OrderCancelled.v1', ForOrder);
