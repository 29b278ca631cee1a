import { fileURLToPath } from 'node:url';
import type { Clock, Ids, Timers, Transactions } from '@ashlar/domain';
import type { BreakerView, Service, ServiceDefinition, ServicePlatform } from '@ashlar/host';
import { PersonalVault, PostgresPersonalKeys, personalDataMigrations } from '@ashlar/personal-data';
import { readMigrations } from '@ashlar/postgres';
import { createHttpClient } from '@ashlar/resilience';
import { outboundCalls } from '@ashlar/telemetry';
import { ShipmentMapper } from '../application/mappers/shipment.mapper.ts';
import type { Carrier } from '../application/ports/carrier.interface.ts';
import type { CarrierJobs } from '../application/ports/carrier-jobs.interface.ts';
import type { PersonalData } from '../application/ports/personal-data.interface.ts';
import type { ShippingApplication } from '../application/shipping.application.ts';
import { ArrangeShipmentUseCase } from '../application/use-cases/arrange-shipment.use-case.ts';
import { BookCarrierUseCase } from '../application/use-cases/book-carrier.use-case.ts';
import { CancelShipmentUseCase } from '../application/use-cases/cancel-shipment.use-case.ts';
import { EraseUserUseCase } from '../application/use-cases/erase-user.use-case.ts';
import { ExpectOrderUseCase } from '../application/use-cases/expect-order.use-case.ts';
import { FollowOrderUseCase } from '../application/use-cases/follow-order.use-case.ts';
import { LearnAddressUseCase } from '../application/use-cases/learn-address.use-case.ts';
import { MoveShipmentUseCase } from '../application/use-cases/move-shipment.use-case.ts';
import { PrefetchShipmentsUseCase } from '../application/use-cases/prefetch-shipments.use-case.ts';
import { ViewShipmentUseCase } from '../application/use-cases/view-shipment.use-case.ts';
import type { ShipmentRepository } from '../domain/repositories/shipment.repository.interface.ts';
import { HttpCarrier } from '../infrastructure/external-api/carrier.client.ts';
import { QueuedCarrierJobs } from '../infrastructure/external-api/carrier-jobs.impl.ts';
import { sealStoredShipments } from '../infrastructure/personal-data/stored-shipments.ts';
import { PostgresShipmentRepository } from '../infrastructure/repositories/shipment.repository.impl.ts';
import { checkoutPolicy } from '../interface/consumers/checkout.policy.ts';
import { checkoutPrefetch } from '../interface/consumers/checkout.prefetch.ts';
import { shippingCommands } from '../interface/consumers/shipping.commands.ts';
import { userPolicy } from '../interface/consumers/user.policy.ts';
import { shipmentController } from '../interface/controllers/shipment.controller.ts';

export interface ShippingSettings {
  readonly carrierUrl: string;
}

type ForOrder = { readonly orderId: string };

/** What the service needs from outside. Tests and simulations pass their own here, and nowhere else. */
export interface ShippingAdapters {
  readonly transactions: Transactions;
  readonly shipments: ShipmentRepository;
  readonly vault: PersonalVault;
  /** Seals what was stored before there were keys. */
  sealStored(): Promise<void>;
  readonly carrier: Carrier;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly timers: Timers;
  /** Declares the queues that talk to the carrier. */
  carrierJobs(work: { book(job: ForOrder): Promise<void>; cancel(job: ForOrder): Promise<void> }): CarrierJobs;
  breakers(): readonly BreakerView[];
  close(): Promise<void>;
}

/** The adapters of production. */
export function productionAdapters(platform: ServicePlatform, { carrierUrl }: ShippingSettings): ShippingAdapters {
  const { db, outbox, clock, ids, timers, telemetry } = platform;
  const carrier = { name: 'carrier', origin: carrierUrl };
  const client = createHttpClient({
    ...carrier,
    ...outboundCalls(telemetry, carrier),
    timeoutMs: 3_000,
    breaker: { errorRate: 0.5, volume: 10, windowMs: 10_000, openMs: 1_000 },
    retry: { attempts: 2, baseMs: 50, maxMs: 200 },
  });
  const vault = new PersonalVault(new PostgresPersonalKeys(db));
  const patience = { retryEveryMs: 1_000, retryAtMostEveryMs: 1_000, concurrency: 32 };
  return {
    transactions: db,
    shipments: new PostgresShipmentRepository(db, outbox),
    vault,
    sealStored: () => sealStoredShipments(db, vault),
    carrier: new HttpCarrier(client),
    clock,
    ids,
    timers,
    carrierJobs({ book, cancel }) {
      const bookings = platform.jobs().queue<ForOrder>({ name: 'book-carrier', ...patience }, book);
      const cancellations = platform.jobs().queue<ForOrder>({ name: 'cancel-bookings', ...patience }, cancel);
      return new QueuedCarrierJobs({ bookings, cancellations });
    },
    breakers: () => [{ name: client.name, state: client.state, failureRate: client.failureRate }],
    close: () => client.close(),
  };
}

export const shippingService = (settings: ShippingSettings): ServiceDefinition => ({
  name: 'shipping',
  migrations: async () => [
    ...(await personalDataMigrations()),
    ...(await readMigrations('shipping', fileURLToPath(new URL('../../migrations', import.meta.url)))),
  ],
  create: (platform) => createShippingService(productionAdapters(platform, settings)),
});

export function createShippingService(
  adapters: ShippingAdapters,
): Service & { readonly application: ShippingApplication } {
  const { transactions, shipments, vault, carrier, clock, ids, timers } = adapters;
  const personalData: PersonalData = vault;
  const mapper = new ShipmentMapper();
  const jobs: CarrierJobs = adapters.carrierJobs({
    book: (job) => bookCarrier.execute(job),
    cancel: ({ orderId }) => carrier.cancel(orderId),
  });
  const bookCarrier = new BookCarrierUseCase(transactions, shipments, carrier, { clock, personalData });
  const arrangeShipment = new ArrangeShipmentUseCase(transactions, shipments, { jobs, ids }, personalData);

  const application: ShippingApplication = {
    arrangeShipment,
    bookCarrier,
    expectOrder: new ExpectOrderUseCase(transactions, shipments, arrangeShipment, { ids, personalData }),
    learnAddress: new LearnAddressUseCase(transactions, shipments, jobs),
    cancelShipment: new CancelShipmentUseCase(transactions, shipments, jobs, { clock, ids }),
    followOrder: new FollowOrderUseCase(transactions, shipments),
    moveShipment: new MoveShipmentUseCase(transactions, shipments, { clock, timers }, { mapper, personalData }),
    viewShipment: new ViewShipmentUseCase(shipments, personalData, mapper),
    eraseUser: new EraseUserUseCase(transactions, shipments, personalData),
    prefetchShipments: new PrefetchShipmentsUseCase(shipments, personalData),
  };

  return {
    application,
    routes: [shipmentController(application)],
    consumers: [
      {
        name: 'shipping.checkout',
        subscriptions: [...shippingCommands(application), ...checkoutPolicy(application)],
        prefetch: checkoutPrefetch(application),
      },
      { name: 'shipping.personal-data', subscriptions: userPolicy(application) },
    ],
    vault,
    start: () => adapters.sealStored(),
    breakers: () => adapters.breakers(),
    stop: () => adapters.close(),
  };
}
