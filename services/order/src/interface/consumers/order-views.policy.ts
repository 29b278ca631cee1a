import { OrderChanged } from '@ashlar/contracts/order';
import { on } from '@ashlar/messaging';
import type { OrderApplication } from '../../application/order.application.ts';
import type { OrderStatus } from '../../domain/entities/order.entity.ts';

/** Whenever an order changes, so does what is read of it. */
export const orderViewsPolicy = ({ updateOrderView }: OrderApplication) => [
  on(OrderChanged, ({ data: { orderId: id, version, status, ...order } }) =>
    updateOrderView.execute({ version, order: { ...order, id, status: status as OrderStatus } }),
  ),
];
