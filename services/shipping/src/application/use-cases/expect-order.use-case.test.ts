import { deepStrictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { DispatchDesk, home } from '../dispatch-desk.fixtures.ts';

const orderId = 'o1';
const order = { orderId, userId: 'u1', address: home };
const arranged = { type: 'ShipmentArranged', shipmentId: 's1', orderId, saga: 'choreography' };

test('an order that is known books nothing before its stock is reserved', async () => {
  const desk = new DispatchDesk();
  await desk.expect.execute(order);
  deepStrictEqual([desk.said, desk.jobsLeft], [[], []]);
});

test('the shipment follows the stock', async () => {
  const desk = new DispatchDesk();
  await desk.expect.execute(order);
  await desk.expect.trigger({ orderId });
  await desk.book(orderId);
  deepStrictEqual([desk.events, desk.jobsLeft], [[arranged], ['book o1']]);
});

test('the stock may be heard of before the order: there is no order between two sources', async () => {
  const desk = new DispatchDesk();
  await desk.expect.trigger({ orderId });
  deepStrictEqual(desk.jobsLeft, []);
  await desk.expect.execute(order);
  await desk.book(orderId);
  deepStrictEqual([desk.events, desk.jobsLeft], [[arranged], ['book o1']]);
});

test('whatever is heard again gets the same answer, and books nothing twice', async () => {
  const desk = new DispatchDesk();
  await desk.expect.execute(order);
  for (const _ of [1, 2]) await desk.expect.trigger({ orderId });
  await desk.expect.execute(order);
  await desk.book(orderId);
  await desk.expect.trigger({ orderId });
  deepStrictEqual([desk.said, desk.jobsLeft], [['ShipmentArranged', 'ShipmentArranged'], ['book o1']]);
});

test('schedule 5.6: an order that timed out before its stock was heard of is not booked any more', async () => {
  const desk = new DispatchDesk();
  await desk.expect.execute(order);
  await desk.cancel.execute({ orderId });
  await desk.expect.trigger({ orderId });
  deepStrictEqual([desk.said, desk.jobsLeft], [['ShipmentCancelled', 'ShipmentRefused'], []]);
});

test('schedule 5.6: an order that timed out before anything of it was known is not booked any more', async () => {
  const desk = new DispatchDesk();
  await desk.cancel.execute({ orderId });
  await desk.expect.trigger({ orderId });
  await desk.expect.execute(order);
  deepStrictEqual([desk.said, desk.jobsLeft], [['ShipmentCancelled', 'ShipmentRefused'], []]);
});

test('an order whose stock was heard of and which then timed out is not booked when it becomes known', async () => {
  const desk = new DispatchDesk();
  await desk.expect.trigger({ orderId });
  await desk.cancel.execute({ orderId });
  await desk.expect.execute(order);
  deepStrictEqual([desk.said, desk.jobsLeft], [['ShipmentCancelled'], []]);
});
