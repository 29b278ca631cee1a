import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { aggregateRules, contractSuite, type RepositoryStage, type Rules } from '@ashlar/postgres/contract-suites';
import { Shipment } from '../entities/shipment.entity.ts';
import type { ShipmentRepository } from './shipment.repository.interface.ts';

type Stage = RepositoryStage<ShipmentRepository>;

const at = new Date('2026-01-01T00:00:00.000Z');
const address = { of: 'ada', as: 'address', sealed: 'x' };

function aShipment(orderId: string, { userId = 'ada', shipmentId = `shipment ${orderId}` } = {}): Shipment {
  const shipment = Shipment.for({ shipmentId, orderId }, 'orchestration');
  shipment.request(userId, address);
  return shipment;
}

const shipmentRules: Rules<Stage> = {
  'a shipment is found by its own id, which no other has': async ({ repository, elsewhere }) => {
    await repository.save(aShipment('a'));
    strictEqual((await elsewhere.find('shipment a'))?.state.orderId, 'a');
    strictEqual(await repository.find('shipment b'), undefined);
    await rejects(repository.save(aShipment('b', { shipmentId: 'shipment a' })), { code: '23505' });
  },

  'it is known which parcel is ready and waits for its order': async ({ repository }) => {
    const awaits = () => repository.awaitsConfirmation('shipment a');
    strictEqual(await awaits(), false);
    const shipment = aShipment('a');
    await repository.save(shipment);
    strictEqual(await awaits(), false);
    const booked = (await repository.findOf('a'))!;
    booked.schedule({ carrier: 'Express', trackingNumber: 'T' }, at);
    await repository.save(booked);
    strictEqual(await awaits(), true);
    const confirmed = (await repository.findOf('a'))!;
    confirmed.confirm();
    await repository.save(confirmed);
    strictEqual(await awaits(), false);
  },

  'the requests of a user that are not answered are told, in order': async ({ repository }) => {
    for (const id of ['b', 'a', 'd']) await repository.save(aShipment(id));
    await repository.save(aShipment('c', { userId: 'bob' }));
    const refused = (await repository.findOf('d'))!;
    refused.refuse();
    await repository.save(refused);
    deepStrictEqual(await repository.requestsOf('ada'), ['a', 'b']);
  },
};

export const shipmentRepositoryContract = contractSuite<Stage>(
  aggregateRules<Shipment, ShipmentRepository>({
    make: (id) => aShipment(id),
    change: (shipment) => shipment.refuse(),
    find: (repository, id) => repository.findOf(id),
    tells: [],
  }),
  shipmentRules,
);
