import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { Warehouse } from '../warehouse.fixtures.ts';

const orderId = 'o1';
const lines = [{ productId: 'cup', quantity: 3 }];
const setUp = (cup = 5) => new Warehouse({ cup });

test('an order that is known reserves nothing before its payment is reserved', async () => {
  const warehouse = setUp();
  await warehouse.expect.execute({ orderId, lines });
  deepStrictEqual([warehouse.said, warehouse.stock('cup')], [[], '0 of 5']);
});

test('the stock follows the payment', async () => {
  const warehouse = setUp();
  await warehouse.expect.execute({ orderId, lines });
  await warehouse.reserveExpected.execute({ orderId });
  deepStrictEqual(warehouse.events, [{ type: 'StockReserved', orderId, saga: 'choreography' }]);
  strictEqual(warehouse.stock('cup'), '3 of 5');
});

test('the payment may be heard of before the order: there is no order between two sources', async () => {
  const warehouse = setUp();
  await warehouse.reserveExpected.execute({ orderId });
  deepStrictEqual(warehouse.said, []);
  await warehouse.expect.execute({ orderId, lines });
  deepStrictEqual(warehouse.events, [{ type: 'StockReserved', orderId, saga: 'choreography' }]);
  strictEqual(warehouse.stock('cup'), '3 of 5');
});

test('missing stock is told in either order', async () => {
  const [known, unknown] = [setUp(1), setUp(1)];
  await known.expect.execute({ orderId, lines });
  await known.reserveExpected.execute({ orderId });
  await unknown.reserveExpected.execute({ orderId });
  await unknown.expect.execute({ orderId, lines });
  deepStrictEqual([known.said, unknown.said], [['StockRejected'], ['StockRejected']]);
});

test('whatever is heard again gets the same answer and reserves nothing twice', async () => {
  const warehouse = setUp();
  await warehouse.expect.execute({ orderId, lines });
  await warehouse.reserveExpected.execute({ orderId });
  await warehouse.expect.execute({ orderId, lines });
  await warehouse.reserveExpected.execute({ orderId });
  deepStrictEqual(warehouse.said, ['StockReserved', 'StockReserved']);
  strictEqual(warehouse.stock('cup'), '3 of 5');
});

test('schedule 5.6: an order that timed out before its payment was heard of reserves nothing any more', async () => {
  const warehouse = setUp();
  await warehouse.expect.execute({ orderId, lines });
  await warehouse.release.execute({ orderId });
  await warehouse.reserveExpected.execute({ orderId });
  deepStrictEqual([warehouse.said, warehouse.stock('cup')], [['StockReleased', 'StockRejected'], '0 of 5']);
});

test('schedule 5.6: an order that timed out before anything of it was known reserves nothing any more', async () => {
  const warehouse = setUp();
  await warehouse.release.execute({ orderId });
  await warehouse.reserveExpected.execute({ orderId });
  await warehouse.expect.execute({ orderId, lines });
  deepStrictEqual([warehouse.said, warehouse.stock('cup')], [['StockReleased', 'StockRejected'], '0 of 5']);
});

test('an order whose payment was heard of and which then timed out reserves nothing once it is known', async () => {
  const warehouse = setUp();
  await warehouse.reserveExpected.execute({ orderId });
  await warehouse.release.execute({ orderId });
  await warehouse.expect.execute({ orderId, lines });
  deepStrictEqual([warehouse.said, warehouse.stock('cup')], [['StockReleased'], '0 of 5']);
});
