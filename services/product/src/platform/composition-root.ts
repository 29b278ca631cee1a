import { fileURLToPath } from 'node:url';
import type { Clock, Ids, Transactions } from '@ashlar/domain';
import type { BreakerView, Service, ServiceDefinition, ServicePlatform } from '@ashlar/host';
import { isUniqueViolation, readMigrations } from '@ashlar/postgres';
import { projectionMigrations } from '@ashlar/projection';
import { redisProjectionMigrations } from '@ashlar/projection-redis';
import { ProductMapper } from '../application/mappers/product.mapper.ts';
import type { ProductReads } from '../application/ports/product-reads.interface.ts';
import type { Restatements } from '../application/ports/restatements.interface.ts';
import type { SeedLog } from '../application/ports/seed-log.interface.ts';
import type { ProductApplication } from '../application/product.application.ts';
import { ArchiveProductUseCase } from '../application/use-cases/archive-product.use-case.ts';
import { ChangeProductUseCase } from '../application/use-cases/change-product.use-case.ts';
import { CreateProductUseCase } from '../application/use-cases/create-product.use-case.ts';
import { GetProductUseCase } from '../application/use-cases/get-product.use-case.ts';
import { ListProductsUseCase } from '../application/use-cases/list-products.use-case.ts';
import { RestateProductsUseCase } from '../application/use-cases/restate-products.use-case.ts';
import { SeedCatalogueUseCase } from '../application/use-cases/seed-catalogue.use-case.ts';
import { ProductError } from '../domain/errors/product.errors.ts';
import type { ProductRepository } from '../domain/repositories/product.repository.interface.ts';
import { PostgresProductRepository } from '../infrastructure/repositories/product.repository.impl.ts';
import { PostgresSeedLog } from '../infrastructure/repositories/seed-log.impl.ts';
import { OutboxRestatements } from '../infrastructure/restatements/restatements.impl.ts';
import { productCommands } from '../interface/consumers/product.commands.ts';
import { productController } from '../interface/controllers/product.controller.ts';
import type { ProductSettings } from './config/config.ts';
import { demoCatalogue } from './demo-catalogue.ts';
import { readSideOf } from './read-side.ts';

export type { ProductSettings } from './config/config.ts';
export { demoProducts } from './demo-catalogue.ts';
export type { ProductCopies } from './read-side.ts';

/** What the service needs from outside. Tests and simulations pass their own here, and nowhere else. */
export interface ProductAdapters {
  readonly transactions: Transactions;
  readonly products: ProductRepository;
  readonly reads: ProductReads;
  /** What else runs for the reads. */
  readonly readSide: {
    breakers(): readonly BreakerView[];
    start(): Promise<void>;
    stop(): Promise<void>;
  };
  readonly seeds: SeedLog;
  readonly restatements: Restatements;
  readonly clock: Clock;
  readonly ids: Ids;
}

/** The adapters of production. */
export function productionAdapters(platform: ServicePlatform, { copies }: ProductSettings): ProductAdapters {
  const { db, outbox, clock, ids } = platform;
  const readSide = readSideOf(platform, copies);
  return {
    transactions: db,
    products: new PostgresProductRepository(db, outbox, readSide.reads),
    reads: readSide.reads,
    readSide,
    seeds: new PostgresSeedLog(db, clock),
    restatements: new OutboxRestatements(outbox),
    clock,
    ids,
  };
}

export const productService = (settings: ProductSettings): ServiceDefinition => ({
  name: 'product',
  readsReplicas: true,
  migrations: async () => [
    ...(await projectionMigrations()),
    ...(await redisProjectionMigrations()),
    ...(await readMigrations('product', fileURLToPath(new URL('../../migrations', import.meta.url)))),
  ],
  create: (platform) => createProductService(productionAdapters(platform, settings), settings),
});

export function createProductService(
  adapters: ProductAdapters,
  { seed }: Pick<ProductSettings, 'seed'>,
): Service & { readonly application: ProductApplication } {
  const { transactions, products, reads, readSide, seeds, restatements, clock, ids } = adapters;
  const mapper = new ProductMapper();

  const application: ProductApplication = {
    getProduct: new GetProductUseCase(reads, mapper),
    listProducts: new ListProductsUseCase(reads, mapper),
    createProduct: new CreateProductUseCase(transactions, products, mapper, { clock, ids }),
    changeProduct: new ChangeProductUseCase(transactions, products, mapper, clock),
    archiveProduct: new ArchiveProductUseCase(transactions, products, clock),
    restateProducts: new RestateProductsUseCase(transactions, products, restatements),
    seedCatalogue: new SeedCatalogueUseCase(transactions, products, seeds, clock),
  };

  return {
    application,
    routes: [productController(application)],
    consumers: [{ name: 'product.commands', subscriptions: productCommands(application) }],
    errors: (error) => (isUniqueViolation(error, 'products_sku') ? ProductError.skuTaken() : undefined),
    breakers: readSide.breakers,
    stop: readSide.stop,
    start: async () => {
      await readSide.start();
      if (seed === 'demo') await application.seedCatalogue.execute(demoCatalogue);
    },
  };
}
