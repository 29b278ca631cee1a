/** A stock level as clients see it. */
export interface StockLevelResponseDTO {
  readonly productId: string;
  readonly onHand: number;
  readonly reserved: number;
  readonly available: number;
}
