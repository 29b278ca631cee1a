import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { Warehouse } from '../warehouse.fixtures.ts';

const orderId = 'o1';
const saga = 'orchestration';
const cups = (quantity: number) => ({ productId: 'cup', quantity });
const pots = (quantity: number) => ({ productId: 'pot', quantity });

test('all lines of an order are reserved', async () => {
  const warehouse = new Warehouse({ cup: 5, pot: 2 });
  await warehouse.reserve.execute({ orderId, lines: [cups(3), pots(2)], saga });
  deepStrictEqual([warehouse.stock('cup'), warehouse.stock('pot')], ['3 of 5', '2 of 2']);
  deepStrictEqual(warehouse.events, [{ type: 'StockReserved', orderId, saga }]);
});

test('when one line is out of stock nothing of the order is reserved', async () => {
  const warehouse = new Warehouse({ cup: 5, pot: 2 });
  await warehouse.reserve.execute({ orderId, lines: [cups(3), pots(3)], saga });
  deepStrictEqual([warehouse.stock('cup'), warehouse.stock('pot')], ['0 of 5', '0 of 2']);
  deepStrictEqual(warehouse.events, [{ type: 'StockRejected', orderId, saga }]);
});

test('a product that has no place in the warehouse is out of stock', async () => {
  const warehouse = new Warehouse();
  await warehouse.reserve.execute({ orderId, lines: [cups(1)], saga });
  deepStrictEqual(warehouse.said, ['StockRejected']);
});

test('what is reserved for one order cannot be reserved for another', async () => {
  const warehouse = new Warehouse({ cup: 5 });
  await warehouse.reserve.execute({ orderId, lines: [cups(3)], saga });
  await warehouse.reserve.execute({ orderId: 'o2', lines: [cups(3)], saga });
  deepStrictEqual(warehouse.said, ['StockReserved', 'StockRejected']);
  strictEqual(warehouse.stock('cup'), '3 of 5');
});

test('schedule 5.9: an order that asks again gets the same answer, and nothing twice', async () => {
  const warehouse = new Warehouse({ cup: 5 });
  for (const _ of [1, 2, 3]) await warehouse.reserve.execute({ orderId, lines: [cups(3)], saga });
  deepStrictEqual(warehouse.said, ['StockReserved', 'StockReserved', 'StockReserved']);
  strictEqual(warehouse.stock('cup'), '3 of 5');
});

test('schedule 5.9: an order that was rejected stays rejected when there is stock again', async () => {
  const warehouse = new Warehouse({ cup: 2 });
  await warehouse.reserve.execute({ orderId, lines: [cups(3)], saga });
  await warehouse.reserve.execute({ orderId, lines: [cups(1)], saga });
  deepStrictEqual(warehouse.said, ['StockRejected', 'StockRejected']);
  strictEqual(warehouse.stock('cup'), '0 of 2');
});

test('released stock is free for others, and released once', async () => {
  const warehouse = new Warehouse({ cup: 5 });
  await warehouse.reserve.execute({ orderId, lines: [cups(3)], saga });
  for (const _ of [1, 2]) await warehouse.release.execute({ orderId });
  strictEqual(warehouse.stock('cup'), '0 of 5');
  deepStrictEqual(warehouse.said, ['StockReserved', 'StockReleased', 'StockReleased']);
});

test('schedule 5.2: releasing for an unknown order is answered, and its later request is refused', async () => {
  const warehouse = new Warehouse({ cup: 5 });
  await warehouse.release.execute({ orderId });
  await warehouse.reserve.execute({ orderId, lines: [cups(3)], saga });
  deepStrictEqual(warehouse.said, ['StockReleased', 'StockRejected']);
  strictEqual(warehouse.stock('cup'), '0 of 5');
});

test('releasing for an order that was rejected is answered, and takes nothing from others', async () => {
  const warehouse = new Warehouse({ cup: 5 });
  await warehouse.reserve.execute({ orderId: 'o2', lines: [cups(4)], saga });
  await warehouse.reserve.execute({ orderId, lines: [cups(3)], saga });
  await warehouse.release.execute({ orderId });
  deepStrictEqual(warehouse.said, ['StockReserved', 'StockRejected', 'StockReleased']);
  strictEqual(warehouse.stock('cup'), '4 of 5');
});

test('committed stock leaves the warehouse once, however often it is asked for', async () => {
  const warehouse = new Warehouse({ cup: 5 });
  await warehouse.reserve.execute({ orderId, lines: [cups(3)], saga });
  for (const _ of [1, 2]) await warehouse.commit.execute({ orderId });
  strictEqual(warehouse.stock('cup'), '0 of 2');
  deepStrictEqual(warehouse.said, ['StockReserved', 'StockCommitted', 'StockCommitted']);
});

test('an order whose stock has left still hears that it was reserved', async () => {
  const warehouse = new Warehouse({ cup: 5 });
  await warehouse.reserve.execute({ orderId, lines: [cups(3)], saga });
  await warehouse.commit.execute({ orderId });
  await warehouse.reserve.execute({ orderId, lines: [cups(3)], saga });
  strictEqual(warehouse.said.at(-1), 'StockReserved');
  strictEqual(warehouse.stock('cup'), '0 of 2');
});

test('stock that was never reserved, or is released, cannot be committed', async () => {
  const warehouse = new Warehouse({ cup: 5 });
  await rejects(warehouse.commit.execute({ orderId }), { code: 'not_reserved' });
  await warehouse.reserve.execute({ orderId, lines: [cups(3)], saga });
  await warehouse.release.execute({ orderId });
  await rejects(warehouse.commit.execute({ orderId }), { code: 'not_reserved' });
  strictEqual(warehouse.stock('cup'), '0 of 5');
});

test('stock that has left the warehouse cannot be released', async () => {
  const warehouse = new Warehouse({ cup: 5 });
  await warehouse.reserve.execute({ orderId, lines: [cups(3)], saga });
  await warehouse.commit.execute({ orderId });
  await rejects(warehouse.release.execute({ orderId }), { code: 'not_reserved' });
  strictEqual(warehouse.stock('cup'), '0 of 2');
});
