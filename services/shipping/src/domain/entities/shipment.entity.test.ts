import { deepStrictEqual, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { Shipment, type ShipmentStatus } from './shipment.entity.ts';

const noon = new Date('2026-01-01T12:00:00Z');
const ids = { shipmentId: 's1', orderId: 'o1' };

const aShipment = (status: ShipmentStatus, confirmed = false) =>
  Shipment.restore({ ...ids, saga: 'choreography', status, confirmed, timeline: [], version: 1 });

test('events are handed over once', () => {
  const shipment = aShipment('requested');
  shipment.schedule({ carrier: 'Express', trackingNumber: 'T1' }, noon);
  deepStrictEqual(shipment.takeEvents(), [{ ...ids, type: 'ShipmentArranged', saga: 'choreography' }]);
  deepStrictEqual(shipment.takeEvents(), []);
});

test('the answer to a repeated request follows from the outcome, and there is none while the carrier is asked', () => {
  const answers = (['requested', 'scheduled', 'dispatched', 'delivered', 'refused', 'cancelled'] as const).map(
    (status) => {
      const shipment = aShipment(status);
      shipment.answer();
      return shipment.takeEvents().map(({ type }) => type)[0];
    },
  );
  const [arranged, refused] = ['ShipmentArranged', 'ShipmentRefused'];
  deepStrictEqual(answers, [undefined, arranged, arranged, arranged, refused, refused]);
});

test('a parcel leaves when it is booked and its order is confirmed, and arrives when it has left', () => {
  throws(() => aShipment('scheduled').dispatch(noon), { code: 'order_not_confirmed' });
  throws(() => aShipment('cancelled', true).dispatch(noon), { code: 'wrong_status' });
  throws(() => aShipment('scheduled', true).deliver(noon), { code: 'wrong_status' });
  const shipment = aShipment('scheduled', true);
  shipment.dispatch(noon);
  shipment.deliver(noon);
  deepStrictEqual(
    shipment.state.timeline.map(({ type }) => type),
    ['dispatched', 'delivered'],
  );
});

test('a parcel that has left is not cancelled', () => {
  for (const status of ['dispatched', 'delivered'] as const) {
    throws(() => aShipment(status, true).cancel(noon), { code: 'wrong_status' });
  }
});
