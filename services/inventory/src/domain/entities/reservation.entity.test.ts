import { deepStrictEqual, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { Reservation } from './reservation.entity.ts';

const lines = [{ productId: 'cup', quantity: 2 }];
const aReservation = () => Reservation.for('o1', 'choreography');

test('events are handed over once', () => {
  const reservation = aReservation();
  reservation.reserved(lines);
  deepStrictEqual(reservation.takeEvents(), [{ type: 'StockReserved', orderId: 'o1', saga: 'choreography' }]);
  deepStrictEqual(reservation.takeEvents(), []);
});

test('the answer to a repeated request follows from the outcome, for ever', () => {
  const reserved = aReservation();
  reserved.reserved(lines);
  reserved.commit();
  const rejected = aReservation();
  rejected.rejected();
  const released = aReservation();
  released.release();
  const answers = [reserved, rejected, released].map((reservation) => {
    reservation.takeEvents();
    reservation.answer();
    return reservation.takeEvents().map(({ type }) => type);
  });
  deepStrictEqual(answers, [['StockReserved'], ['StockRejected'], ['StockRejected']]);
});

test('only what is reserved can be committed, and what is committed stays so', () => {
  throws(() => aReservation().commit(), { code: 'not_reserved' });
  const reservation = aReservation();
  reservation.reserved(lines);
  reservation.commit();
  throws(() => reservation.release(), { code: 'not_reserved' });
});
