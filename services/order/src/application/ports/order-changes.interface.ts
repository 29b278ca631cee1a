/** Tells when an order may have changed. */
export interface OrderChanges {
  /** Resolves at the next change of the order, or after a while without one. */
  next(orderId: string, signal: AbortSignal): Promise<void>;
}
