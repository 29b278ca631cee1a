import {
  CaptureFailed,
  PaymentCaptured,
  PaymentDeclined,
  PaymentReleased,
  PaymentReserved,
} from '@ashlar/contracts/payment';
import { type Outgoing, outgoing } from '@ashlar/messaging';
import type { PaymentEvent } from '../../domain/events/payment.events.ts';

const CONTRACTS = { PaymentReserved, PaymentDeclined, PaymentCaptured, CaptureFailed } as const;

/** The one place that decides what other services learn of a payment. */
export function toMessage(event: PaymentEvent): Outgoing {
  const { orderId } = event;
  if (event.type === 'PaymentReleased') return outgoing(PaymentReleased, orderId, { orderId });
  return outgoing(CONTRACTS[event.type], orderId, { orderId, saga: event.saga });
}
