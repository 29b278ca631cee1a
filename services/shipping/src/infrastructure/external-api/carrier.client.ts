import type { HttpClient } from '@ashlar/resilience';
import type { BookingOutcome, Carrier } from '../../application/ports/carrier.interface.ts';
import type { Address } from '../../domain/entities/shipment.entity.ts';
import { ShipmentError } from '../../domain/errors/shipment.errors.ts';

/** The carrier over HTTP, behind a breaker; its fallback is the job that asks again. */
export class HttpCarrier implements Carrier {
  constructor(private readonly client: HttpClient) {}

  async book(orderId: string, address: Address): Promise<BookingOutcome> {
    const { status, body } = await this.client.request({
      method: 'POST',
      path: '/bookings',
      headers: { 'idempotency-key': orderId },
      body: { orderId, address },
      idempotent: true,
    });
    if (status === 422 || status === 409) return { type: 'unserviceable' };
    const { trackingNumber, carrier } = (body ?? {}) as { trackingNumber?: unknown; carrier?: unknown };
    if (status !== 201 || typeof trackingNumber !== 'string' || typeof carrier !== 'string') {
      throw ShipmentError.carrierAway(status);
    }
    return { type: 'booked', carrier, trackingNumber };
  }

  async cancel(orderId: string): Promise<void> {
    const { status } = await this.client.request({ method: 'DELETE', path: `/bookings/${orderId}` });
    if (status !== 204) throw ShipmentError.carrierAway(status);
  }
}
