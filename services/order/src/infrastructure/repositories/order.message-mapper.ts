import { OrderCreated, OrderStatusChanged } from '@ashlar/contracts/order';
import { type Outgoing, outgoing } from '@ashlar/messaging';
import type { OrderEvent } from '../../domain/events/order.events.ts';

/** The one place that decides what other services learn of an order. */
export function toMessage(event: OrderEvent): Outgoing {
  if (event.type === 'OrderStatusChanged') {
    const { type: _, ...data } = event;
    return outgoing(OrderStatusChanged, event.orderId, data);
  }
  const { id, userId, total, items, saga, shippingAddress } = event.order;
  const lines = items.map(({ productId, quantity }) => ({ productId, quantity }));
  const address = saga === 'choreography' && shippingAddress ? { shippingAddress } : {};
  return outgoing(OrderCreated, id, { orderId: id, userId, total, lines, saga, ...address });
}
