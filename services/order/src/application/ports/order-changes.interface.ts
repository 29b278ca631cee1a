/** Lets somebody follow an order. */
export interface OrderChanges {
  /** Begins to watch an order: no change of its status from now on is missed. */
  watch(orderId: string): OrderWatch;
}

export interface OrderWatch {
  /**
   * Resolves when the status may have changed since the watch began, or since this resolved the last time; after a
   * while without a change; and when the signal is aborted.
   */
  next(signal: AbortSignal): Promise<void>;
  end(): void;
}
