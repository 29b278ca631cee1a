import { AddressTold, OrderChanged, OrderCreated, OrderStatusChanged } from '@ashlar/contracts/order';
import { latest, type Outgoing, outgoing } from '@ashlar/messaging';
import type { OrderState } from '../../domain/entities/order.entity.ts';
import type { OrderEvent } from '../../domain/events/order.events.ts';

/** The one place that decides what other services learn of an order. */
export function toMessage(event: OrderEvent): Outgoing {
  if (event.type === 'OrderStatusChanged') {
    const { type: _, ...data } = event;
    return outgoing(OrderStatusChanged, event.orderId, data);
  }
  if (event.type === 'AddressTold') {
    const { orderId, carriage } = event;
    return outgoing(AddressTold, orderId, { orderId, address: carriage });
  }
  const { id, userId, total, items, saga } = event.order;
  const lines = items.map(({ productId, quantity }) => ({ productId, quantity }));
  const address = saga === 'choreography' && event.carriage ? { shippingAddress: event.carriage } : {};
  return outgoing(OrderCreated, id, { orderId: id, userId, total, lines, saga, ...address });
}

/** How the order stands, for its read side: said once in a transaction, at its end. */
export function toChange(order: OrderState, version: number): Outgoing {
  const { id: orderId, saga: _, currency: __, version: ___, ...view } = order;
  return latest(OrderChanged, orderId, {
    ...view,
    orderId,
    version,
    items: [...view.items],
    timeline: [...view.timeline],
  });
}
