import { fileURLToPath } from 'node:url';
import type { Clock, Ids, Transactions } from '@ashlar/domain';
import type { Service, ServiceDefinition, ServicePlatform } from '@ashlar/host';
import type { ConsumerDefinition, Subscription } from '@ashlar/messaging';
import { readMigrations } from '@ashlar/postgres';
import { messageProjection, projectionMigrations } from '@ashlar/projection';
import { PostgresSagaStore, SagaRuntime, sagaMigrations } from '@ashlar/saga';
import { OrderMapper } from '../application/mappers/order.mapper.ts';
import type { OrderApplication } from '../application/order.application.ts';
import type { CheckoutProcess } from '../application/ports/checkout-process.interface.ts';
import type { OrderChanges } from '../application/ports/order-changes.interface.ts';
import type { PersonalData } from '../application/ports/personal-data.interface.ts';
import type { ProductCatalog } from '../application/ports/product-catalog.interface.ts';
import { checkoutHandlers } from '../application/sagas/checkout.handlers.ts';
import { type Checkout, checkout } from '../application/sagas/checkout.saga.ts';
import { checkoutChoreography } from '../application/sagas/checkout-choreography.saga.ts';
import { AdvanceOrderUseCase } from '../application/use-cases/advance-order.use-case.ts';
import { CancelOrderUseCase } from '../application/use-cases/cancel-order.use-case.ts';
import { CreateOrderUseCase } from '../application/use-cases/create-order.use-case.ts';
import { EraseUserUseCase } from '../application/use-cases/erase-user.use-case.ts';
import { GetOrderUseCase } from '../application/use-cases/get-order.use-case.ts';
import { ListOrdersUseCase } from '../application/use-cases/list-orders.use-case.ts';
import { UpdateCatalogueUseCase } from '../application/use-cases/update-catalogue.use-case.ts';
import type { SagaStyle } from '../domain/entities/order.entity.ts';
import type { OrderRepository } from '../domain/repositories/order.repository.interface.ts';
import { SagaCheckoutProcess } from '../infrastructure/processes/checkout-process.impl.ts';
import { InProcessOrderChanges } from '../infrastructure/processes/order-changes.impl.ts';
import { PostgresProductCatalog } from '../infrastructure/read-models/product-catalog.impl.ts';
import { PostgresOrderRepository } from '../infrastructure/repositories/order.repository.impl.ts';
import { PostgresPersonalData } from '../infrastructure/repositories/personal-data.impl.ts';
import { cataloguePolicy } from '../interface/consumers/catalogue.policy.ts';
import { shipmentPolicy } from '../interface/consumers/shipment.policy.ts';
import { userPolicy } from '../interface/consumers/user.policy.ts';
import { orderController } from '../interface/controllers/order.controller.ts';
import { orderEventsController } from '../interface/controllers/order-events.controller.ts';

export interface OrderSettings {
  /** How new orders are carried out; those that run keep their style. */
  readonly saga: SagaStyle;
  readonly stepTimeoutMs: number;
}

/** What the service needs from outside. Tests and simulations pass their own here, and nowhere else. */
export interface OrderAdapters {
  readonly transactions: Transactions;
  readonly orders: OrderRepository;
  readonly products: ProductCatalog;
  readonly changes: OrderChanges;
  readonly personalData: PersonalData;
  readonly clock: Clock;
  readonly ids: Ids;
  /** The runtime of the checkout, whose steps the order follows. */
  sagas(advanceOrder: AdvanceOrderUseCase): SagaRuntime<Checkout>;
  checkout(runtime: SagaRuntime<Checkout>): CheckoutProcess;
  /** A read model that is fed by messages, with its checkpoint. */
  projection(name: string, subscriptions: readonly Subscription[]): ConsumerDefinition;
}

/** The adapters of production. */
export function productionAdapters(platform: ServicePlatform, { saga, stepTimeoutMs }: OrderSettings): OrderAdapters {
  const { db, outbox, clock, ids, timers, telemetry } = platform;
  const changes = new InProcessOrderChanges(timers);
  const definitions =
    saga === 'orchestration'
      ? ([checkout, checkoutChoreography] as const)
      : ([checkoutChoreography, checkout] as const);
  const onError = (error: unknown) =>
    telemetry.log.error({ err: error }, 'A deadline could not be handled; it is tried again.');
  return {
    transactions: db,
    orders: new PostgresOrderRepository(db, outbox, (orderId) => changes.changed(orderId)),
    products: new PostgresProductCatalog(db),
    changes,
    personalData: new PostgresPersonalData(db),
    clock,
    ids,
    sagas: (advanceOrder) =>
      new SagaRuntime<Checkout>({
        work: db,
        store: new PostgresSagaStore(db, checkout.name),
        outbox,
        clock,
        ids,
        definitions,
        handlers: checkoutHandlers(advanceOrder),
        timeoutMs: stepTimeoutMs,
        timers,
        onError,
      }),
    checkout: (runtime) => new SagaCheckoutProcess(runtime),
    projection: (name, subscriptions) => messageProjection({ db, name, subscriptions }),
  };
}

export const orderService = (settings: OrderSettings): ServiceDefinition => ({
  name: 'order',
  migrations: async () => [
    ...(await sagaMigrations()),
    ...(await projectionMigrations()),
    ...(await readMigrations('order', fileURLToPath(new URL('../../migrations', import.meta.url)))),
  ],
  create: (platform) => createOrderService(productionAdapters(platform, settings), settings),
});

export function createOrderService(
  adapters: OrderAdapters,
  { saga }: OrderSettings,
): Service & { readonly application: OrderApplication } {
  const { transactions, orders, products, changes, clock, ids } = adapters;
  const mapper = new OrderMapper();
  const { personalData } = adapters;
  const advanceOrder = new AdvanceOrderUseCase(transactions, orders, { clock, personalData });
  const runtime = adapters.sagas(advanceOrder);
  const process = adapters.checkout(runtime);

  const application: OrderApplication = {
    createOrder: new CreateOrderUseCase(transactions, {
      orders,
      products,
      checkout: process,
      personalData,
      mapper,
      clock,
      ids,
      saga,
    }),
    getOrder: new GetOrderUseCase(orders, mapper),
    listOrders: new ListOrdersUseCase(orders, mapper),
    cancelOrder: new CancelOrderUseCase(transactions, orders, process, mapper),
    advanceOrder,
    updateCatalogue: new UpdateCatalogueUseCase(products),
    eraseUser: new EraseUserUseCase(transactions, orders, personalData),
  };

  return {
    application,
    routes: [orderController(application), orderEventsController(application, changes)],
    consumers: [
      {
        name: 'order.checkout',
        subscriptions: [...runtime.subscriptions(), ...shipmentPolicy(application)],
        prefetch: (orderIds) => Promise.all([runtime.prefetch(orderIds), orders.prefetch(orderIds)]),
      },
      adapters.projection('order.catalogue', cataloguePolicy(application)),
      { name: 'order.users', subscriptions: userPolicy(application) },
    ],
    sagas: { consumer: 'order.checkout', runtime },
  };
}
