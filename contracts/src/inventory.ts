import { command, event } from '@ashlar/messaging';
import Type from 'typebox';
import { ForOrder, OrderLine, StepTaken } from './checkout.ts';

export const ReserveStock = command(
  'inventory.ReserveStock.v1',
  Type.Object({ orderId: Type.String(), lines: Type.Array(OrderLine) }),
);
export const ReleaseStock = command('inventory.ReleaseStock.v1', ForOrder);
export const CommitStock = command('inventory.CommitStock.v1', ForOrder);

export const StockReserved = event('inventory.StockReserved.v1', StepTaken);
export const StockRejected = event('inventory.StockRejected.v1', StepTaken);
export const StockReleased = event('inventory.StockReleased.v1', ForOrder);
export const StockCommitted = event('inventory.StockCommitted.v1', ForOrder);
