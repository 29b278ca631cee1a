import type { Clock, Transactions } from '@ashlar/domain';
import { ProductError } from '../../domain/errors/product.errors.ts';
import type { ProductRepository } from '../../domain/repositories/product.repository.interface.ts';
import type { ChangeProduct } from './change-product.use-case.ts';

export class ArchiveProductUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly products: ProductRepository,
    private readonly clock: Clock,
  ) {}

  async execute({ id, mayChange }: Omit<ChangeProduct, 'changes'>): Promise<void> {
    await this.transactions.transaction(async () => {
      const product = await this.products.find(id);
      if (!product) throw ProductError.notFound(id);
      mayChange(product.state.version);
      product.archive(this.clock.now());
      await this.products.save(product);
    });
  }
}
