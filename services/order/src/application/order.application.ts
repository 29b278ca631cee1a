import type { AdvanceOrderUseCase } from './use-cases/advance-order.use-case.ts';
import type { CancelOrderUseCase } from './use-cases/cancel-order.use-case.ts';
import type { CreateOrderUseCase } from './use-cases/create-order.use-case.ts';
import type { EraseUserUseCase } from './use-cases/erase-user.use-case.ts';
import type { GetOrderUseCase } from './use-cases/get-order.use-case.ts';
import type { ListOrdersUseCase } from './use-cases/list-orders.use-case.ts';
import type { TellAddressUseCase } from './use-cases/tell-address.use-case.ts';
import type { UpdateCatalogueUseCase } from './use-cases/update-catalogue.use-case.ts';
import type { UpdateOrderViewUseCase } from './use-cases/update-order-view.use-case.ts';

/** Everything that this service can do. */
export interface OrderApplication {
  readonly createOrder: CreateOrderUseCase;
  readonly getOrder: GetOrderUseCase;
  readonly listOrders: ListOrdersUseCase;
  readonly cancelOrder: CancelOrderUseCase;
  readonly advanceOrder: AdvanceOrderUseCase;
  readonly updateCatalogue: UpdateCatalogueUseCase;
  readonly updateOrderView: UpdateOrderViewUseCase;
  readonly tellAddress: TellAddressUseCase;
  readonly eraseUser: EraseUserUseCase;
}
