import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { address, booked, DispatchDesk } from '../dispatch-desk.fixtures.ts';

const orderId = 'o1';
const request = { orderId, userId: 'u1', address, saga: 'orchestration' } as const;
const away = async () => {
  throw new Error('The carrier is away.');
};

test('schedule 3.10: a request is taken down and answered later: the carrier is left to a job', async () => {
  const desk = new DispatchDesk();
  await desk.arrange.execute(request);
  deepStrictEqual([desk.said, desk.jobsLeft, desk.asked], [[], ['book o1'], 0]);
});

test('a booking is answered with the shipment', async () => {
  const desk = new DispatchDesk();
  await desk.arrange.execute(request);
  await desk.book(orderId);
  deepStrictEqual(desk.events, [{ type: 'ShipmentArranged', shipmentId: 's1', orderId, saga: 'orchestration' }]);
  const { status, carrier, trackingNumber } = (await desk.state(orderId))!;
  deepStrictEqual([status, carrier, trackingNumber], ['scheduled', 'Express', 'T1']);
});

test('an address that the carrier does not serve is refused', async () => {
  const desk = new DispatchDesk();
  await desk.arrange.execute(request);
  await desk.book(orderId, { type: 'unserviceable' });
  deepStrictEqual(desk.events, [{ type: 'ShipmentRefused', orderId, saga: 'orchestration' }]);
});

test('a carrier without a clear answer decides nothing: the job is tried again', async () => {
  const desk = new DispatchDesk();
  await desk.arrange.execute(request);
  await rejects(desk.book(orderId, away), /away/);
  deepStrictEqual([desk.said, (await desk.state(orderId))?.status], [[], 'requested']);
  await desk.book(orderId);
  deepStrictEqual(desk.said, ['ShipmentArranged']);
});

test('schedule 5.9: a request that comes again before the carrier has answered waits for the same answer', async () => {
  const desk = new DispatchDesk();
  for (const _ of [1, 2]) await desk.arrange.execute(request);
  deepStrictEqual([desk.said, desk.jobsLeft], [[], ['book o1']]);
  await desk.book(orderId);
  deepStrictEqual(desk.said, ['ShipmentArranged']);
});

test('schedule 5.9: a request that comes again gets the same answer, and books nothing twice', async () => {
  for (const [outcome, answer] of [
    [booked, 'ShipmentArranged'],
    [{ type: 'unserviceable' }, 'ShipmentRefused'],
  ] as const) {
    const desk = new DispatchDesk();
    await desk.arrange.execute(request);
    await desk.book(orderId, outcome);
    await desk.arrange.execute(request);
    await desk.book(orderId);
    deepStrictEqual([desk.said, desk.jobsLeft, desk.asked], [[answer, answer], ['book o1'], 1]);
  }
});

test('a parcel that is on its way is still arranged for whoever asks again', async () => {
  const desk = new DispatchDesk();
  await desk.arrange.execute(request);
  await desk.book(orderId);
  await desk.follow.execute({ orderId, status: 'confirmed' });
  await desk.move.execute('s1', 'dispatch');
  await desk.arrange.execute(request);
  strictEqual(desk.said.at(-1), 'ShipmentArranged');
});

test('schedule 5.2: a cancellation for an unknown order is answered, and its later request is refused', async () => {
  const desk = new DispatchDesk();
  await desk.cancel.execute({ orderId });
  await desk.arrange.execute(request);
  deepStrictEqual([desk.said, desk.jobsLeft], [['ShipmentCancelled', 'ShipmentRefused'], []]);
});

test('a booked shipment is cancelled at once here, and by a job at the carrier', async () => {
  const desk = new DispatchDesk();
  await desk.arrange.execute(request);
  await desk.book(orderId);
  await desk.cancel.execute({ orderId });
  deepStrictEqual(desk.said, ['ShipmentArranged', 'ShipmentCancelled']);
  deepStrictEqual(desk.jobsLeft, ['book o1', 'cancel o1']);
});

test('a cancellation that comes again is answered again', async () => {
  const desk = new DispatchDesk();
  await desk.arrange.execute(request);
  for (const _ of [1, 2]) await desk.cancel.execute({ orderId });
  deepStrictEqual(
    [desk.said, desk.jobsLeft],
    [
      ['ShipmentCancelled', 'ShipmentCancelled'],
      ['book o1', 'cancel o1'],
    ],
  );
  strictEqual((await desk.state(orderId))?.timeline.length, 1);
});

test('a booking that is confirmed after the cancellation is cancelled at the carrier too', async () => {
  const desk = new DispatchDesk();
  await desk.arrange.execute(request);
  await desk.book(orderId, async () => {
    await desk.cancel.execute({ orderId });
    return booked;
  });
  deepStrictEqual([desk.said, (await desk.state(orderId))?.status], [['ShipmentCancelled'], 'cancelled']);
  deepStrictEqual([desk.jobsLeft, desk.cancelledBookings], [['book o1', 'cancel o1'], [orderId]]);
});

test('a booking that was cut off after the carrier had made it is cancelled by its next try', async () => {
  const desk = new DispatchDesk();
  await desk.arrange.execute(request);
  const cutOff = async () => {
    await desk.cancel.execute({ orderId });
    throw new Error('The process has died.');
  };
  await rejects(desk.book(orderId, cutOff));
  await desk.book(orderId);
  deepStrictEqual([desk.asked, desk.cancelledBookings], [1, [orderId]]);
});

test('a booking that nobody wants any more is not asked for', async () => {
  const desk = new DispatchDesk();
  await desk.arrange.execute(request);
  await desk.cancel.execute({ orderId });
  await desk.book(orderId);
  strictEqual(desk.asked, 0);
});

test('a parcel that has left is not cancelled', async () => {
  const desk = new DispatchDesk();
  await desk.arrange.execute(request);
  await desk.book(orderId);
  await desk.follow.execute({ orderId, status: 'confirmed' });
  await desk.move.execute('s1', 'dispatch');
  await rejects(desk.cancel.execute({ orderId }), { code: 'wrong_status' });
  deepStrictEqual(desk.jobsLeft, ['book o1']);
});

const unaddressed = { orderId, userId: 'u1', saga: 'orchestration' } as const;
const wanted = { type: 'AddressWanted', orderId, userId: 'u1', publicKey: 'key of u1' };

test('where it is not told where a parcel goes it asks, and books when it is told, once', async () => {
  const desk = new DispatchDesk();
  await desk.arrange.execute(unaddressed);
  deepStrictEqual([desk.events, desk.jobsLeft], [[wanted], []]);
  for (const _ of [1, 2]) await desk.learn.execute({ orderId, address });
  deepStrictEqual(desk.jobsLeft, ['book o1']);
  await desk.book(orderId);
  deepStrictEqual([desk.said, desk.asked], [['AddressWanted', 'ShipmentArranged'], 1]);
});

test('what is told of a parcel that nobody wants any more, or never did, books nothing', async () => {
  const desk = new DispatchDesk();
  await desk.arrange.execute(unaddressed);
  await desk.cancel.execute({ orderId });
  await desk.learn.execute({ orderId, address });
  await desk.learn.execute({ orderId: 'o9', address });
  strictEqual(desk.jobsLeft.includes('book o1'), false);
  strictEqual(await desk.state('o9'), undefined);
});

test('nothing goes to who has left, asked before or after, told where or not', async () => {
  for (const request of [unaddressed, { ...unaddressed, address }]) {
    for (const leavesFirst of [true, false]) {
      const desk = new DispatchDesk();
      if (leavesFirst) await desk.erase.execute({ userId: 'u1' });
      await desk.arrange.execute(request);
      if (!leavesFirst) await desk.erase.execute({ userId: 'u1' });
      if (desk.jobsLeft.length > 0) await desk.book(orderId);
      deepStrictEqual([desk.said.at(-1), desk.asked], ['ShipmentRefused', 0]);
    }
  }
});

test('a booking that was cut off after the carrier had made it is taken back once its user has left', async () => {
  const desk = new DispatchDesk();
  await desk.arrange.execute(request);
  const cutOff = async () => {
    await desk.erase.execute({ userId: 'u1' });
    throw new Error('The process has died.');
  };
  await rejects(desk.book(orderId, cutOff));
  await desk.book(orderId);
  deepStrictEqual([desk.said, desk.asked, desk.cancelledBookings], [['ShipmentRefused'], 1, [orderId]]);
});
