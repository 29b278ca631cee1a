import { fileURLToPath } from 'node:url';
import type { Clock, Ids, Transactions } from '@ashlar/domain';
import type { Service, ServiceDefinition, ServicePlatform } from '@ashlar/host';
import { isUniqueViolation, readMigrations } from '@ashlar/postgres';
import { ProductMapper } from '../application/mappers/product.mapper.ts';
import type { SeedLog } from '../application/ports/seed-log.interface.ts';
import type { ProductApplication } from '../application/product.application.ts';
import { ArchiveProductUseCase } from '../application/use-cases/archive-product.use-case.ts';
import { ChangeProductUseCase } from '../application/use-cases/change-product.use-case.ts';
import { CreateProductUseCase } from '../application/use-cases/create-product.use-case.ts';
import { GetProductUseCase } from '../application/use-cases/get-product.use-case.ts';
import { ListProductsUseCase } from '../application/use-cases/list-products.use-case.ts';
import { SeedCatalogueUseCase } from '../application/use-cases/seed-catalogue.use-case.ts';
import { ProductError } from '../domain/errors/product.errors.ts';
import type { ProductRepository } from '../domain/repositories/product.repository.interface.ts';
import { PostgresProductRepository } from '../infrastructure/repositories/product.repository.impl.ts';
import { PostgresSeedLog } from '../infrastructure/repositories/seed-log.impl.ts';
import { productController } from '../interface/controllers/product.controller.ts';
import type { ProductSettings } from './config/config.ts';
import { demoCatalogue } from './demo-catalogue.ts';

export type { ProductSettings } from './config/config.ts';
export { demoProducts } from './demo-catalogue.ts';

/** What the service needs from outside. Tests and simulations pass their own here, and nowhere else. */
export interface ProductAdapters {
  readonly transactions: Transactions;
  readonly products: ProductRepository;
  readonly seeds: SeedLog;
  readonly clock: Clock;
  readonly ids: Ids;
}

/** The adapters of production. */
export const postgresAdapters = ({ db, outbox, clock, ids }: ServicePlatform): ProductAdapters => ({
  transactions: db,
  products: new PostgresProductRepository(db, outbox),
  seeds: new PostgresSeedLog(db, clock),
  clock,
  ids,
});

export const productService = (settings: ProductSettings): ServiceDefinition => ({
  name: 'product',
  migrations: () => readMigrations('product', fileURLToPath(new URL('../../migrations', import.meta.url))),
  create: (platform) => createProductService(postgresAdapters(platform), settings),
});

export function createProductService(
  adapters: ProductAdapters,
  { seed }: ProductSettings,
): Service & { readonly application: ProductApplication } {
  const { transactions, products, seeds, clock, ids } = adapters;
  const mapper = new ProductMapper();

  const application: ProductApplication = {
    getProduct: new GetProductUseCase(products, mapper),
    listProducts: new ListProductsUseCase(products, mapper),
    createProduct: new CreateProductUseCase(transactions, products, mapper, { clock, ids }),
    changeProduct: new ChangeProductUseCase(transactions, products, mapper, clock),
    archiveProduct: new ArchiveProductUseCase(transactions, products, clock),
    seedCatalogue: new SeedCatalogueUseCase(transactions, products, seeds, clock),
  };

  return {
    application,
    routes: [productController(application)],
    consumers: [],
    errors: (error) => (isUniqueViolation(error, 'products_sku') ? ProductError.skuTaken() : undefined),
    start: async () => {
      if (seed === 'demo') await application.seedCatalogue.execute(demoCatalogue);
    },
  };
}
