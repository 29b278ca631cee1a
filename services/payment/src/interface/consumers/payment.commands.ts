import { CapturePayment, ReleasePayment, ReservePayment } from '@ashlar/contracts/payment';
import { on } from '@ashlar/messaging';
import type { PaymentApplication } from '../../application/payment.application.ts';

/** What others may ask of this service by message. */
export const paymentCommands = ({ reservePayment, releasePayment, capturePayment }: PaymentApplication) => [
  on(ReservePayment, ({ data }) => reservePayment.execute({ ...data, saga: 'orchestration' })),
  on(ReleasePayment, ({ data }) => releasePayment.execute(data)),
  on(CapturePayment, ({ data }) => capturePayment.execute({ ...data, saga: 'orchestration' })),
];
