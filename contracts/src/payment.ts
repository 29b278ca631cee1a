import { command, event } from '@ashlar/messaging';
import Type from 'typebox';
import { ForOrder, StepTaken } from './checkout.ts';
import { Money } from './money.ts';

export const ReservePayment = command(
  'payment.ReservePayment.v1',
  Type.Object({ orderId: Type.String(), userId: Type.String(), amount: Money }),
  { key: 'orderId', answers: () => ({ done: PaymentReserved, refused: PaymentDeclined }) },
);
export const ReleasePayment = command('payment.ReleasePayment.v1', ForOrder, {
  key: 'orderId',
  answers: () => ({ done: PaymentReleased }),
});
export const CapturePayment = command('payment.CapturePayment.v1', ForOrder, {
  key: 'orderId',
  answers: () => ({ done: PaymentCaptured, refused: CaptureFailed }),
});

export const PaymentReserved = event('payment.PaymentReserved.v1', StepTaken, { key: 'orderId' });
export const PaymentDeclined = event('payment.PaymentDeclined.v1', StepTaken, { key: 'orderId' });
export const PaymentReleased = event('payment.PaymentReleased.v1', ForOrder, { key: 'orderId' });
export const PaymentCaptured = event('payment.PaymentCaptured.v1', StepTaken, { key: 'orderId' });
export const CaptureFailed = event('payment.CaptureFailed.v1', StepTaken, { key: 'orderId' });
