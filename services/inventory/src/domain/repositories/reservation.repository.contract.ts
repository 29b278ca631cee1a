import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { aggregateRules, contractSuite, type RepositoryStage, type Rules } from '@ashlar/postgres/contract-suites';
import { Reservation } from '../entities/reservation.entity.ts';
import type { ReservationRepository } from './reservation.repository.interface.ts';

type Stage = RepositoryStage<ReservationRepository>;

function aReservation(orderId: string): Reservation {
  const reservation = Reservation.for(orderId, 'orchestration');
  reservation.reserved([{ productId: 'lamp', quantity: 2 }]);
  return reservation;
}

const reservationRules: Rules<Stage> = {
  'those that are fetched at once are found in that transaction': async ({ repository, transaction }) => {
    await repository.save(aReservation('a'));
    await transaction(async () => {
      const found = await repository.prefetch(['a', 'nobody']);
      deepStrictEqual([found.length, found[0]?.state.orderId], [1, 'a']);
      strictEqual((await repository.find('a'))?.state.status, 'reserved');
      strictEqual(await repository.find('nobody'), undefined);
    });
  },
};

export const reservationRepositoryContract = contractSuite<Stage>(
  aggregateRules<Reservation, ReservationRepository>({
    make: aReservation,
    change: (found) => found.release(),
    find: (repository, id) => repository.find(id),
    tells: ['inventory.StockReserved.v1'],
  }),
  reservationRules,
);
