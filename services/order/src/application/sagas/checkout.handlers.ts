import { ShipmentArranged } from '@ashlar/contracts/shipping';
import type { SagaHandlers } from '@ashlar/saga';
import type { AdvanceOrderUseCase } from '../use-cases/advance-order.use-case.ts';
import type { Checkout } from './checkout.saga.ts';

/** What the timeline of the order says of each step. */
const MILESTONES: Readonly<Record<string, string>> = {
  'reserve payment done': 'payment_reserved',
  'reserve payment refused': 'payment_declined',
  'reserve payment timed_out': 'payment_timed_out',
  'reserve payment compensated': 'payment_released',
  'reserve stock done': 'stock_reserved',
  'reserve stock refused': 'stock_rejected',
  'reserve stock timed_out': 'stock_timed_out',
  'reserve stock compensated': 'stock_released',
  'arrange shipping done': 'shipment_arranged',
  'arrange shipping refused': 'shipment_refused',
  'arrange shipping timed_out': 'shipment_timed_out',
  'arrange shipping compensated': 'shipment_cancelled',
  'capture payment done': 'payment_captured',
  'capture payment refused': 'capture_failed',
  'commit stock done': 'stock_committed',
};

/** How the order follows its checkout; all of it in the saga's own transaction. */
export const checkoutHandlers = (advanceOrder: AdvanceOrderUseCase): SagaHandlers<Checkout> => ({
  steps: { 'confirm order': { do: ({ id }) => advanceOrder.confirm(id) } },

  async replied({ id }, { type, data }) {
    if (type === ShipmentArranged.type)
      await advanceOrder.attachShipment(id, (data as { shipmentId: string }).shipmentId);
  },

  async progressed({ id }, step, status) {
    const milestone = MILESTONES[`${step} ${status}`];
    if (milestone) await advanceOrder.record(id, milestone);
  },

  /** Nobody needs to know where the parcel went any more. */
  keep: ({ carriage: _, ...saga }) => saga,

  compensated: ({ id }, failure) => advanceOrder.abandon(id, failure),
});
