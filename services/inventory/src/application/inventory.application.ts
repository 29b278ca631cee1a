import type { AdjustStockUseCase } from './use-cases/adjust-stock.use-case.ts';
import type { CommitStockUseCase } from './use-cases/commit-stock.use-case.ts';
import type { ExpectOrderUseCase } from './use-cases/expect-order.use-case.ts';
import type { GetStockUseCase } from './use-cases/get-stock.use-case.ts';
import type { PrefetchStockUseCase } from './use-cases/prefetch-stock.use-case.ts';
import type { ReleaseStockUseCase } from './use-cases/release-stock.use-case.ts';
import type { ReserveExpectedStockUseCase } from './use-cases/reserve-expected-stock.use-case.ts';
import type { ReserveStockUseCase } from './use-cases/reserve-stock.use-case.ts';
import type { StockProductUseCase } from './use-cases/stock-product.use-case.ts';

/** Everything that this service can do. */
export interface InventoryApplication {
  readonly getStock: GetStockUseCase;
  readonly adjustStock: AdjustStockUseCase;
  readonly stockProduct: StockProductUseCase;
  readonly reserveStock: ReserveStockUseCase;
  readonly expectOrder: ExpectOrderUseCase;
  readonly reserveExpectedStock: ReserveExpectedStockUseCase;
  readonly releaseStock: ReleaseStockUseCase;
  readonly commitStock: CommitStockUseCase;
  readonly prefetchStock: PrefetchStockUseCase;
}
