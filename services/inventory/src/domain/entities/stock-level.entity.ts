import { InventoryError } from '../errors/inventory.errors.ts';

export interface StockLevelState {
  readonly productId: string;
  readonly onHand: number;
  readonly reserved: number;
  readonly version: number;
}

const MOST_ON_HAND = 1_000_000_000_000;

/** How much of a product is there, and how much of that is promised: 0 ≤ reserved ≤ on hand, always. */
export class StockLevel {
  private constructor(private current: StockLevelState) {}

  static empty(productId: string): StockLevel {
    return new StockLevel({ productId, onHand: 0, reserved: 0, version: 0 });
  }

  static restore(state: StockLevelState): StockLevel {
    return new StockLevel(state);
  }

  get state(): StockLevelState {
    return this.current;
  }

  get available(): number {
    return this.current.onHand - this.current.reserved;
  }

  adjust(delta: number): void {
    if (this.available + delta < 0) throw InventoryError.negativeStock(this.available);
    if (this.current.onHand + delta > MOST_ON_HAND) throw InventoryError.tooMuch();
    this.#become({ onHand: this.current.onHand + delta });
  }

  reserve(quantity: number): void {
    if (quantity > this.available) throw InventoryError.negativeStock(this.available);
    this.#become({ reserved: this.current.reserved + quantity });
  }

  release(quantity: number): void {
    this.#become({ reserved: this.current.reserved - quantity });
  }

  /** What was reserved leaves the warehouse. */
  commit(quantity: number): void {
    this.#become({ onHand: this.current.onHand - quantity, reserved: this.current.reserved - quantity });
  }

  #become(change: Partial<StockLevelState>): void {
    this.current = { ...this.current, ...change };
  }
}
