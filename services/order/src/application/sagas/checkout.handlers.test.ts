import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { ShipmentArranged } from '@ashlar/contracts/shipping';
import type { Message } from '@ashlar/messaging';
import { checkSaga } from '@ashlar/saga';
import { OrderBook, usd } from '../order-book.fixtures.ts';
import { AdvanceOrderUseCase } from '../use-cases/advance-order.use-case.ts';
import { checkoutHandlers } from './checkout.handlers.ts';
import { checkout as definition } from './checkout.saga.ts';

const checkout = { id: 'o1', userId: 'u1', items: [], total: usd(500) };

async function setUp() {
  const book = new OrderBook();
  await book.add('o1');
  const handlers = checkoutHandlers(new AdvanceOrderUseCase(book, book.orders, book.clock));
  return { book, handlers, milestones: () => book.state('o1')!.timeline.map(({ type }) => type) };
}

test('the timeline of an order tells the steps of its checkout', async () => {
  const { handlers, milestones } = await setUp();
  for (const [step, status] of [
    ['reserve payment', 'sent'],
    ['reserve payment', 'done'],
    ['reserve stock', 'refused'],
    ['reserve payment', 'compensating'],
    ['reserve payment', 'compensated'],
  ] as const) {
    await handlers.progressed?.(checkout, step, status);
  }
  await handlers.compensated?.(checkout, { reason: 'out_of_stock', cancelled: false });
  deepStrictEqual(milestones(), ['created', 'payment_reserved', 'stock_rejected', 'payment_released', 'rejected']);
});

test('an order learns its shipment from the reply that arranges it', async () => {
  const { book, handlers } = await setUp();
  const message = { type: ShipmentArranged.type, data: { shipmentId: 's1', orderId: 'o1' } } as Message;
  await handlers.replied?.(checkout, message);
  strictEqual(book.state('o1')?.shipmentId, 's1');
});

test('the last step of the checkout confirms the order', async () => {
  const { book, handlers } = await setUp();
  await handlers.steps?.['confirm order']?.do(checkout);
  strictEqual(book.state('o1')?.status, 'confirmed');
});

test('a checkout that was cancelled cancels its order', async () => {
  const { book, handlers } = await setUp();
  await handlers.compensated?.(checkout, { reason: 'cancelled', cancelled: true });
  strictEqual(book.state('o1')?.status, 'cancelled');
});

test('every local step of the checkout has its handler, and every command keeps its contract', async () => {
  const { handlers } = await setUp();
  const carriage = { of: 'u1', as: 'address', sealed: 'box.' };
  for (const data of [checkout, { ...checkout, carriage }]) {
    deepStrictEqual(checkSaga(definition, { data, handlers }).flaws, []);
  }
});
