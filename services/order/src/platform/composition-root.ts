import { fileURLToPath } from 'node:url';
import type { Clock, Ids, Transactions } from '@ashlar/domain';
import type { Service, ServiceDefinition, ServicePlatform } from '@ashlar/host';
import type { ConsumerDefinition, Subscription } from '@ashlar/messaging';
import { PersonalVault, PostgresPersonalKeys, personalDataMigrations } from '@ashlar/personal-data';
import { readMigrations } from '@ashlar/postgres';
import { MessageProjection, type Projection, projectionMigrations } from '@ashlar/projection';
import { redisProjectionMigrations } from '@ashlar/projection-redis';
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
import { TellAddressUseCase } from '../application/use-cases/tell-address.use-case.ts';
import { UpdateCatalogueUseCase } from '../application/use-cases/update-catalogue.use-case.ts';
import { UpdateOrderViewUseCase } from '../application/use-cases/update-order-view.use-case.ts';
import type { SagaStyle } from '../domain/entities/order.entity.ts';
import type { OrderRepository } from '../domain/repositories/order.repository.interface.ts';
import { VaultPersonalData } from '../infrastructure/personal-data/personal-data.impl.ts';
import { PostgresShippingKeys } from '../infrastructure/personal-data/shipping-keys.impl.ts';
import { sealStoredOrders } from '../infrastructure/personal-data/stored-orders.ts';
import { SagaCheckoutProcess } from '../infrastructure/processes/checkout-process.impl.ts';
import { ToldOrderChanges } from '../infrastructure/processes/order-changes.impl.ts';
import { catalogueRestatement } from '../infrastructure/read-models/catalogue-restatement.ts';
import { CATALOGUE, PostgresProductCatalog } from '../infrastructure/read-models/product-catalog.impl.ts';
import { RecentChanges } from '../infrastructure/read-models/recent-changes.ts';
import { PostgresOrderRepository } from '../infrastructure/repositories/order.repository.impl.ts';
import { cataloguePolicy } from '../interface/consumers/catalogue.policy.ts';
import { orderViewsPolicy } from '../interface/consumers/order-views.policy.ts';
import { shipmentPolicy } from '../interface/consumers/shipment.policy.ts';
import { userPolicy } from '../interface/consumers/user.policy.ts';
import { orderController } from '../interface/controllers/order.controller.ts';
import { orderEventsController } from '../interface/controllers/order-events.controller.ts';
import { type ReadModels, type ReadSide, readSideOf } from './read-side.ts';

export type { ReadModels } from './read-side.ts';

export interface OrderSettings {
  /** How new orders are carried out; those that run keep their style. */
  readonly saga: SagaStyle;
  readonly stepTimeoutMs: number;
  readonly readModels: ReadModels;
}

/** What the service needs from outside. Tests and simulations pass their own here, and nowhere else. */
export interface OrderAdapters {
  readonly transactions: Transactions;
  readonly orders: OrderRepository;
  readonly products: ProductCatalog;
  readonly changes: OrderChanges;
  readonly personalData: PersonalData;
  readonly vault: PersonalVault;
  readonly clock: Clock;
  readonly ids: Ids;
  /** The runtime of the checkout, whose steps the order follows. */
  sagas(advanceOrder: AdvanceOrderUseCase): SagaRuntime<Checkout>;
  checkout(runtime: SagaRuntime<Checkout>): CheckoutProcess;
  /** The consumer that feeds our replica of the catalogue. */
  catalogue(subscriptions: readonly Subscription[]): ConsumerDefinition;
  readonly projections: readonly Projection[];
  readonly readSide: Omit<ReadSide, 'projection' | 'stop'>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** The adapters of production. */
export function productionAdapters(platform: ServicePlatform, settings: OrderSettings): OrderAdapters {
  const { db, reads, outbox, clock, ids, timers, news } = platform;
  const changes = new ToldOrderChanges(timers);
  const vault = new PersonalVault(new PostgresPersonalKeys(db, reads));
  const catalogue = new MessageProjection({
    ...CATALOGUE,
    db,
    restatement: catalogueRestatement(outbox),
    timers,
    onError: onErrorOf(platform),
  });
  const recent = new RecentChanges(clock);
  let stopListening = () => {};
  const readSide = readSideOf(platform, { readModels: settings.readModels, recent });
  return {
    transactions: db,
    orders: new PostgresOrderRepository(db, outbox, (commit) => {
      recent.note(commit);
      if (commit.isTold) changes.tell(commit.orderId, commit.status);
    }),
    products: new PostgresProductCatalog(db, catalogue),
    changes,
    personalData: new VaultPersonalData(vault, new PostgresShippingKeys(db)),
    ...{ vault, clock, ids },
    sagas: (advanceOrder) => sagaRuntimeOf(platform, settings, advanceOrder),
    checkout: (runtime) => new SagaCheckoutProcess(runtime),
    catalogue: (subscriptions) => catalogue.consumer(subscriptions),
    projections: [catalogue, readSide.projection],
    readSide,
    async start() {
      stopListening = changes.listenTo(news);
      await sealStoredOrders(db, vault);
    },
    async stop() {
      stopListening();
      await readSide.stop();
    },
  };
}

function sagaRuntimeOf(platform: ServicePlatform, settings: OrderSettings, advanceOrder: AdvanceOrderUseCase) {
  const { db, outbox, clock, ids, timers } = platform;
  return new SagaRuntime<Checkout>({
    work: db,
    store: new PostgresSagaStore(db, checkout.name),
    ...{ outbox, clock, ids, timers },
    definitions: definitionsOf(settings.saga),
    handlers: checkoutHandlers(advanceOrder),
    timeoutMs: settings.stepTimeoutMs,
    onError: onErrorOf(platform),
  });
}

const onErrorOf =
  ({ telemetry }: ServicePlatform) =>
  (error: unknown) =>
    telemetry.log.error({ err: error }, 'A deadline or a rebuild could not be handled; it is tried again.');

/** The first is that of new orders; those that run keep theirs. */
const definitionsOf = (saga: SagaStyle) =>
  saga === 'orchestration' ? ([checkout, checkoutChoreography] as const) : ([checkoutChoreography, checkout] as const);

export const orderService = (settings: OrderSettings): ServiceDefinition => ({
  name: 'order',
  readsReplicas: true,
  migrations: async () => [
    ...(await sagaMigrations()),
    ...(await projectionMigrations()),
    ...(await redisProjectionMigrations()),
    ...(await personalDataMigrations()),
    ...(await readMigrations('order', fileURLToPath(new URL('../../migrations', import.meta.url)))),
  ],
  create: (platform) => createOrderService(productionAdapters(platform, settings), settings),
});

export function createOrderService(
  adapters: OrderAdapters,
  { saga }: OrderSettings,
): Service & { readonly application: OrderApplication } {
  const { transactions, orders, products, changes, personalData, vault, readSide, clock, ids } = adapters;
  const mapper = new OrderMapper();
  const advanceOrder = new AdvanceOrderUseCase(transactions, orders, clock);
  const reading = { reads: readSide.reads, personalData, mapper };
  const runtime = adapters.sagas(advanceOrder);
  const process = adapters.checkout(runtime);

  const application: OrderApplication = {
    createOrder: new CreateOrderUseCase(transactions, {
      ...reading,
      ...{ orders, products, checkout: process, clock, ids, saga },
    }),
    getOrder: new GetOrderUseCase({ ...reading, orders }),
    listOrders: new ListOrdersUseCase(reading),
    cancelOrder: new CancelOrderUseCase(transactions, orders, process, { mapper, personalData }),
    advanceOrder,
    updateCatalogue: new UpdateCatalogueUseCase(products),
    updateOrderView: new UpdateOrderViewUseCase(readSide.views),
    tellAddress: new TellAddressUseCase(transactions, orders, personalData),
    eraseUser: new EraseUserUseCase(personalData),
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
      adapters.catalogue(cataloguePolicy(application)),
      readSide.consumer(orderViewsPolicy(application)),
      { name: 'order.users', subscriptions: userPolicy(application) },
    ],
    projections: adapters.projections,
    sagas: { consumer: 'order.checkout', runtime },
    breakers: readSide.breakers,
    vault,
    start: adapters.start,
    stop: adapters.stop,
  };
}
