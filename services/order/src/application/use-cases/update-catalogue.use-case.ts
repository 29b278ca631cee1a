import type { Product, ProductCatalog } from '../ports/product-catalog.interface.ts';

/** A product is new or has changed: from now on orders are taken at what it is now. */
export class UpdateCatalogueUseCase {
  constructor(private readonly products: ProductCatalog) {}

  async execute(product: Product): Promise<void> {
    await this.products.put(product);
  }
}
