import { ArrangeShipment, CancelShipment } from '@ashlar/contracts/shipping';
import { on } from '@ashlar/messaging';
import type { ShippingApplication } from '../../application/shipping.application.ts';

/** What others may ask of this service by message. */
export const shippingCommands = ({ arrangeShipment, cancelShipment }: ShippingApplication) => [
  on(ArrangeShipment, ({ data }) => arrangeShipment.execute({ ...data, saga: 'orchestration' })),
  on(CancelShipment, ({ data }) => cancelShipment.execute(data)),
];
