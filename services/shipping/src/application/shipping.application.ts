import type { AbandonShipmentUseCase } from './use-cases/abandon-shipment.use-case.ts';
import type { ArrangeShipmentUseCase } from './use-cases/arrange-shipment.use-case.ts';
import type { BookCarrierUseCase } from './use-cases/book-carrier.use-case.ts';
import type { CancelShipmentUseCase } from './use-cases/cancel-shipment.use-case.ts';
import type { ConfirmShipmentUseCase } from './use-cases/confirm-shipment.use-case.ts';
import type { EraseUserUseCase } from './use-cases/erase-user.use-case.ts';
import type { ExpectOrderUseCase } from './use-cases/expect-order.use-case.ts';
import type { MoveShipmentUseCase } from './use-cases/move-shipment.use-case.ts';
import type { ViewShipmentUseCase } from './use-cases/view-shipment.use-case.ts';

/** Everything that this service can do. */
export interface ShippingApplication {
  readonly arrangeShipment: ArrangeShipmentUseCase;
  readonly expectOrder: ExpectOrderUseCase;
  readonly bookCarrier: BookCarrierUseCase;
  readonly abandonShipment: AbandonShipmentUseCase;
  readonly cancelShipment: CancelShipmentUseCase;
  readonly confirmShipment: ConfirmShipmentUseCase;
  readonly moveShipment: MoveShipmentUseCase;
  readonly viewShipment: ViewShipmentUseCase;
  readonly eraseUser: EraseUserUseCase;
}
