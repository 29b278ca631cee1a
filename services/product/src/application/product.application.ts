import type { ArchiveProductUseCase } from './use-cases/archive-product.use-case.ts';
import type { ChangeProductUseCase } from './use-cases/change-product.use-case.ts';
import type { CreateProductUseCase } from './use-cases/create-product.use-case.ts';
import type { GetProductUseCase } from './use-cases/get-product.use-case.ts';
import type { ListProductsUseCase } from './use-cases/list-products.use-case.ts';
import type { RestateProductsUseCase } from './use-cases/restate-products.use-case.ts';
import type { SeedCatalogueUseCase } from './use-cases/seed-catalogue.use-case.ts';

/** Everything that this service can do. */
export interface ProductApplication {
  readonly getProduct: GetProductUseCase;
  readonly listProducts: ListProductsUseCase;
  readonly createProduct: CreateProductUseCase;
  readonly changeProduct: ChangeProductUseCase;
  readonly archiveProduct: ArchiveProductUseCase;
  readonly restateProducts: RestateProductsUseCase;
  readonly seedCatalogue: SeedCatalogueUseCase;
}
