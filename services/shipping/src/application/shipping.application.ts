import type { ArrangeShipmentUseCase } from './use-cases/arrange-shipment.use-case.ts';
import type { BookCarrierUseCase } from './use-cases/book-carrier.use-case.ts';
import type { CancelShipmentUseCase } from './use-cases/cancel-shipment.use-case.ts';
import type { EraseUserUseCase } from './use-cases/erase-user.use-case.ts';
import type { ExpectOrderUseCase } from './use-cases/expect-order.use-case.ts';
import type { FollowOrderUseCase } from './use-cases/follow-order.use-case.ts';
import type { LearnAddressUseCase } from './use-cases/learn-address.use-case.ts';
import type { MoveShipmentUseCase } from './use-cases/move-shipment.use-case.ts';
import type { PrefetchShipmentsUseCase } from './use-cases/prefetch-shipments.use-case.ts';
import type { ViewShipmentUseCase } from './use-cases/view-shipment.use-case.ts';

/** Everything that this service can do. */
export interface ShippingApplication {
  readonly arrangeShipment: ArrangeShipmentUseCase;
  readonly expectOrder: ExpectOrderUseCase;
  readonly learnAddress: LearnAddressUseCase;
  readonly bookCarrier: BookCarrierUseCase;
  readonly cancelShipment: CancelShipmentUseCase;
  readonly followOrder: FollowOrderUseCase;
  readonly moveShipment: MoveShipmentUseCase;
  readonly viewShipment: ViewShipmentUseCase;
  readonly eraseUser: EraseUserUseCase;
  readonly prefetchShipments: PrefetchShipmentsUseCase;
}
