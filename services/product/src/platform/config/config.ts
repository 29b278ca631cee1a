import type { ProductCopies } from '../read-side.ts';

export interface ProductSettings {
  /** What the shop holds when it starts for the first time. */
  readonly seed: 'demo' | 'none';
  readonly copies: ProductCopies;
}
