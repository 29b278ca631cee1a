import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { OrderStatus } from '../../domain/entities/order.entity.ts';
import { OrderMapper } from '../mappers/order.mapper.ts';
import { OrderBook } from '../order-book.fixtures.ts';
import { AdvanceOrderUseCase } from './advance-order.use-case.ts';
import { CancelOrderUseCase } from './cancel-order.use-case.ts';

const owner = { id: 'u1', role: 'customer' };

async function setUp(answer: OrderBook['cancelAnswer'], status: OrderStatus = 'pending') {
  const book = new OrderBook();
  book.cancelAnswer = answer;
  await book.add('o1', { status });
  const view = { mapper: new OrderMapper(), personalData: book.personalData };
  return { book, cancel: new CancelOrderUseCase(book, book.orders, book.checkout, view) };
}

test('an order that can still be undone is answered as it stands: it is cancelled once all is undone', async () => {
  const { cancel } = await setUp('cancelled');
  strictEqual((await cancel.execute('o1', owner)).status, 'pending');
});

test('an order with nothing to undo is cancelled by the time of the answer', async () => {
  const { book, cancel } = await setUp('cancelled');
  const advance = new AdvanceOrderUseCase(book, book.orders, book.clock);
  book.onCancel = (id) => advance.abandon(id, { reason: 'cancelled', cancelled: true });
  strictEqual((await cancel.execute('o1', owner)).status, 'cancelled');
});

test('cancelling a cancelled order again changes nothing', async () => {
  const { cancel } = await setUp('cancelled', 'cancelled');
  strictEqual((await cancel.execute('o1', owner)).status, 'cancelled');
});

test('schedule 5.4: once the capture of the payment has been ordered it is too late', async () => {
  for (const [answer, status] of [
    ['too_late', 'pending'],
    ['ended', 'confirmed'],
    ['ended', 'delivered'],
  ] as const) {
    const { cancel } = await setUp(answer, status);
    await rejects(cancel.execute('o1', owner), { code: 'too_late', fault: 'conflict' });
  }
});

test('an order that was rejected cannot be cancelled', async () => {
  const { cancel } = await setUp('ended', 'rejected');
  await rejects(cancel.execute('o1', owner), { code: 'not_cancellable', fault: 'conflict' });
});

test('an order is cancelled by its owner or by an administrator', async () => {
  const { book, cancel } = await setUp('cancelled');
  const asked: string[] = [];
  book.onCancel = async (id) => void asked.push(id);
  await rejects(cancel.execute('o1', { id: 'u2', role: 'customer' }), { code: 'forbidden' });
  await rejects(cancel.execute('o9', owner), { code: 'order_not_found' });
  deepStrictEqual(asked, []);
  strictEqual((await cancel.execute('o1', { id: 'root', role: 'admin' })).id, 'o1');
});
