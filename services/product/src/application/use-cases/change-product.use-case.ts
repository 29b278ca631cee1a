import type { Clock, Transactions } from '@ashlar/domain';
import type { ProductDetails } from '../../domain/entities/product.entity.ts';
import { ProductError } from '../../domain/errors/product.errors.ts';
import type { ProductRepository } from '../../domain/repositories/product.repository.interface.ts';
import type { ProductResponseDTO } from '../dtos/product.dto.ts';
import type { ProductMapper } from '../mappers/product.mapper.ts';

export interface ChangeProduct {
  readonly id: string;
  readonly changes: Partial<ProductDetails>;
  /** Throws where the client means another version than this one. */
  readonly mayChange: (version: number) => void;
}

export class ChangeProductUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly products: ProductRepository,
    private readonly mapper: ProductMapper,
    private readonly clock: Clock,
  ) {}

  async execute({ id, changes, mayChange }: ChangeProduct): Promise<ProductResponseDTO> {
    return this.transactions.transaction(async () => {
      const product = await this.products.find(id);
      if (!product) throw ProductError.notFound(id);
      mayChange(product.state.version);
      product.change(changes, this.clock.now());
      await this.products.save(product);
      return this.mapper.toResponseDTO(product);
    });
  }
}
