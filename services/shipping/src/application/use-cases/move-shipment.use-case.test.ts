import { deepStrictEqual, notStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { address, DispatchDesk, home, noon } from '../dispatch-desk.fixtures.ts';

const orderId = 'o1';
const owner = { id: 'u1', role: 'customer' };

async function setUp({ confirmed = true } = {}) {
  const desk = new DispatchDesk();
  await desk.arrange.execute({ orderId, userId: 'u1', address, saga: 'orchestration' });
  await desk.book(orderId);
  if (confirmed) await desk.follow.execute({ orderId, status: 'confirmed' });
  return desk;
}

test('a parcel leaves, and arrives', async () => {
  const desk = await setUp();
  strictEqual((await desk.move.execute('s1', 'dispatch')).status, 'dispatched');
  strictEqual((await desk.move.execute('s1', 'deliver')).status, 'delivered');
  deepStrictEqual(desk.events.slice(1), [
    { type: 'ShipmentDispatched', shipmentId: 's1', orderId },
    { type: 'ShipmentDelivered', shipmentId: 's1', orderId },
  ]);
});

test('a parcel does not arrive before it has left, nor leave twice', async () => {
  const desk = await setUp();
  await rejects(desk.move.execute('s1', 'deliver'), { code: 'wrong_status' });
  await desk.move.execute('s1', 'dispatch');
  await rejects(desk.move.execute('s1', 'dispatch'), { code: 'wrong_status' });
  await rejects(desk.move.execute('s9', 'dispatch'), { code: 'shipment_not_found' });
});

test('a parcel whose order can still be cancelled does not leave', async () => {
  const desk = await setUp({ confirmed: false });
  await rejects(desk.move.execute('s1', 'dispatch'), { code: 'order_not_confirmed' });
  deepStrictEqual(desk.said, ['ShipmentArranged']);
});

test('a confirmation that is still on its way is waited for', async () => {
  const desk = await setUp({ confirmed: false });
  desk.onWait = () => desk.follow.execute({ orderId, status: 'confirmed' });
  await desk.move.awaitConfirmation('s1');
  strictEqual((await desk.move.execute('s1', 'dispatch')).status, 'dispatched');
  strictEqual(desk.waits, 1);
});

test('a shipment is seen by its owner and by administrators, once it is one', async () => {
  const desk = await setUp();
  const { version: _, ...shipment } = await desk.view.execute('s1', owner);
  const timeline = [{ at: noon.toISOString(), type: 'scheduled' }];
  const booking = { carrier: 'Express', trackingNumber: 'T1' };
  deepStrictEqual(shipment, {
    id: 's1',
    orderId,
    userId: 'u1',
    status: 'scheduled',
    ...booking,
    address: home,
    timeline,
  });
  strictEqual((await desk.view.execute('s1', { id: 'root', role: 'admin' })).id, 's1');
  await rejects(desk.view.execute('s1', { id: 'u2', role: 'customer' }), { code: 'forbidden' });

  await desk.expect.execute({ orderId: 'o2', userId: 'u1', address });
  await rejects(desk.view.execute('s2', owner), { code: 'shipment_not_found' });
});

test('of a user who has gone the shipments stay, and tell nobody where they went', async () => {
  const desk = await setUp();
  const before = await desk.view.execute('s1', owner);
  await desk.erase.execute({ userId: 'u1' });
  const after = await desk.view.execute('s1', { id: 'root', role: 'admin' });
  deepStrictEqual([before.address, after.address, after.status], [home, undefined, 'scheduled']);
  notStrictEqual(after.version, before.version);
  const moved = await desk.move.execute('s1', 'dispatch');
  deepStrictEqual([moved.status, moved.address], ['dispatched', undefined]);
});
