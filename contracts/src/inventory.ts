import { command, event } from '@ashlar/messaging';
import Type from 'typebox';
import { ForOrder, OrderLine, StepTaken } from './checkout.ts';

export const ReserveStock = command(
  'inventory.ReserveStock.v1',
  Type.Object({ orderId: Type.String(), lines: Type.Array(OrderLine) }),
  { key: 'orderId', answers: () => ({ done: StockReserved, refused: StockRejected }) },
);
export const ReleaseStock = command('inventory.ReleaseStock.v1', ForOrder, {
  key: 'orderId',
  answers: () => ({ done: StockReleased }),
});
export const CommitStock = command('inventory.CommitStock.v1', ForOrder, {
  key: 'orderId',
  answers: () => ({ done: StockCommitted }),
});

export const StockReserved = event('inventory.StockReserved.v1', StepTaken, { key: 'orderId' });
export const StockRejected = event('inventory.StockRejected.v1', StepTaken, { key: 'orderId' });
export const StockReleased = event('inventory.StockReleased.v1', ForOrder, { key: 'orderId' });
export const StockCommitted = event('inventory.StockCommitted.v1', ForOrder, { key: 'orderId' });
