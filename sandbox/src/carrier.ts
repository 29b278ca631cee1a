import type { Clock } from '@ashlar/domain';
import Type, { type Static } from 'typebox';
import type { Ledger } from './ledger.ts';
import type { OutsideServer } from './outside-server.ts';

/** What the carrier did about one order. One cancelled without a tracking number was cancelled before it was booked. */
export interface Booking {
  readonly orderId: string;
  readonly status: 'booked' | 'cancelled';
  readonly trackingNumber?: string;
  readonly at: string;
}

export interface CarrierOptions {
  readonly bookings: Ledger<Booking>;
  readonly clock: Clock;
}

const CARRIER = 'Sandbox Express';
const UNSERVICEABLE: ReadonlySet<string> = new Set(['AQ']);

const OrderId = Type.String({ minLength: 1, maxLength: 255 });
const BookingBody = Type.Object({ orderId: OrderId, address: Type.Object({ country: Type.String() }) });
const BookingHeaders = Type.Object({ 'idempotency-key': OrderId });
const BookingParams = Type.Object({ orderId: OrderId });

export function carrierRoutes(http: OutsideServer, { bookings, clock }: CarrierOptions): void {
  const at = (): string => clock.now().toISOString();

  const book = ({ orderId, address }: Static<typeof BookingBody>): Booking | undefined => {
    const known = bookings.find(orderId);
    if (known) return known;
    if (UNSERVICEABLE.has(address.country)) return undefined;
    return bookings.record({ orderId, status: 'booked', trackingNumber: `SX-${orderId}`, at: at() });
  };

  http.post('/bookings', { schema: { headers: BookingHeaders, body: BookingBody } }, async (request, reply) => {
    if (request.headers['idempotency-key'] !== request.body.orderId) {
      return reply.code(422).send({ code: 'idempotency_key_mismatch' });
    }
    const booking = book(request.body);
    if (!booking) return reply.code(422).send({ code: 'unserviceable' });
    if (booking.status === 'cancelled') return reply.code(409).send({ code: 'cancelled' });
    return reply.code(201).send({ trackingNumber: booking.trackingNumber, carrier: CARRIER });
  });

  // The cancellation of what was never booked is kept too: the booking may still be on its way.
  http.delete('/bookings/:orderId', { schema: { params: BookingParams } }, async (request, reply) => {
    const { orderId } = request.params;
    const known = bookings.find(orderId);
    if (known?.status !== 'cancelled') bookings.record({ ...known, orderId, status: 'cancelled', at: at() });
    return reply.code(204).send();
  });

  http.get('/bookings/:orderId', { schema: { params: BookingParams } }, async (request, reply) => {
    const found = bookings.find(request.params.orderId);
    return found ?? reply.code(404).send({ code: 'not_found' });
  });
}
