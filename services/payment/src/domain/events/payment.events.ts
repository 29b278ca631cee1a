import type { SagaStyle } from '../entities/payment.entity.ts';

/** What can happen to the payment of one order. */
export type PaymentEvent =
  | {
      type: 'PaymentReserved' | 'PaymentDeclined' | 'PaymentCaptured' | 'CaptureFailed';
      orderId: string;
      saga: SagaStyle;
    }
  | { type: 'PaymentReleased'; orderId: string };
