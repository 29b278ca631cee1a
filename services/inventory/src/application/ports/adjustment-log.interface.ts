/** Who has changed the stock by hand, and why. */
export interface Adjustment {
  readonly productId: string;
  readonly delta: number;
  readonly reason: string;
  readonly adjustedBy: string;
}

export interface AdjustmentLog {
  add(adjustment: Adjustment): Promise<void>;
}
