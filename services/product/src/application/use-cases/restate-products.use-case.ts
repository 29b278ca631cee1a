import type { Transactions } from '@ashlar/domain';
import type { ProductRepository } from '../../domain/repositories/product.repository.interface.ts';
import type { Restatements } from '../ports/restatements.interface.ts';

export interface RestateProducts {
  readonly requestId: string;
  /** The last product that has been said again, and how many these are; where it begins, neither. */
  readonly after?: string;
  readonly count?: number;
}

const PORTION = 200;

/** Says all products again to whoever has lost them; a portion in a transaction, so that nothing waits for long. */
export class RestateProductsUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly products: ProductRepository,
    private readonly restatements: Restatements,
  ) {}

  async execute({ requestId, after = '', count = 0 }: RestateProducts): Promise<void> {
    await this.transactions.transaction(async () => {
      const portion = await this.products.portion(after, PORTION);
      await this.restatements.restate(requestId, portion);
      const said = count + portion.length;
      const last = portion.at(-1);
      if (last && portion.length === PORTION) {
        await this.restatements.goOn({ requestId, after: last.state.id, count: said });
      } else {
        await this.restatements.end(requestId, said);
      }
    });
  }
}
