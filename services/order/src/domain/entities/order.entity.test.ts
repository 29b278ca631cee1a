import { deepStrictEqual, strictEqual, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { historyOf, Order } from './order.entity.ts';

const noon = new Date('2026-01-01T12:00:00Z');
const usd = (amount: number) => ({ amount, currency: 'USD' });
const cup = { productId: 'cup', name: 'Cup', quantity: 3, unitPrice: usd(500) };
const draft = { id: 'o1', userId: 'u1', currency: 'USD', items: [cup], saga: 'orchestration' } as const;
const anOrder = () => Order.place(draft, noon);

test('a placed order is pending and costs the sum of its items', () => {
  strictEqual(anOrder().state.status, 'pending');
  deepStrictEqual(anOrder().state.total, usd(1500));
});

test('an order that was rejected cannot be confirmed', () => {
  const order = anOrder();
  order.reject('out_of_stock', noon);
  throws(() => order.confirm(noon), { code: 'wrong_status' });
});

test('an order over the limit is refused', () => {
  const items = [{ ...cup, quantity: 1000, unitPrice: usd(1_000_000_000_001) }];
  throws(() => Order.place({ ...draft, items }, noon), { code: 'total_too_large' });
});

test('an item in another currency is refused', () => {
  throws(() => Order.place({ ...draft, currency: 'EUR' }, noon), { code: 'currency_mismatch' });
});

test('events are handed over once', () => {
  const order = anOrder();
  deepStrictEqual(
    order.takeEvents().map((event) => event.type),
    ['OrderCreated'],
  );
  deepStrictEqual(order.takeEvents(), []);
});

test('the history tells each status with the order as it was then', () => {
  const order = anOrder();
  order.record('payment_reserved', noon);
  order.reject('out_of_stock', noon);
  deepStrictEqual(
    historyOf(order.state).map(({ at, order: { status, reason, timeline } }) => [at, status, reason, timeline.length]),
    [
      [0, 'pending', undefined, 1],
      [2, 'rejected', 'out_of_stock', 3],
    ],
  );
});
