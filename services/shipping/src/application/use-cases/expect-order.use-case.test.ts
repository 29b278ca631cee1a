import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { address, DispatchDesk } from '../dispatch-desk.fixtures.ts';

const orderId = 'o1';
const order = { orderId, userId: 'u1', address };
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

test('an order that has come to nothing before its stock was heard of leaves no address behind', async () => {
  const desk = new DispatchDesk();
  await desk.expect.execute(order);
  await desk.follow.execute({ orderId, status: 'rejected' });
  const { status, address: kept, userId } = (await desk.state(orderId))!;
  deepStrictEqual([status, kept, userId], ['cancelled', undefined, undefined]);
});

test('an order without an address makes it ask at once, and its turn may come before the answer or after', async () => {
  for (const isToldFirst of [true, false]) {
    const desk = new DispatchDesk();
    await desk.expect.execute({ orderId, userId: 'u1' });
    strictEqual(desk.said.at(-1), 'AddressWanted');
    if (isToldFirst) await desk.learn.execute({ orderId, address });
    await desk.expect.trigger({ orderId });
    if (!isToldFirst) await desk.learn.execute({ orderId, address });
    deepStrictEqual(desk.jobsLeft, ['book o1']);
    await desk.book(orderId);
    strictEqual(desk.said.at(-1), 'ShipmentArranged');
  }
});

test('an order of who has left asks for nothing, and is refused when its turn comes', async () => {
  const desk = new DispatchDesk();
  await desk.erase.execute({ userId: 'u1' });
  await desk.expect.execute({ orderId, userId: 'u1' });
  deepStrictEqual(desk.said, []);
  await desk.expect.trigger({ orderId });
  deepStrictEqual([desk.said, desk.jobsLeft], [['ShipmentRefused'], []]);
});
