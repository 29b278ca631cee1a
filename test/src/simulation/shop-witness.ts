/** What customers have been told: whatever was answered has to be true in the end, and to stay so. */
export class Witness {
  /** Orders that were taken. */
  readonly taken = new Set<string>();
  /** Orders to where nobody delivers. */
  readonly undeliverable = new Set<string>();
  /** Orders whose cancellation was accepted. */
  readonly cancelled = new Set<string>();
  /** Orders that it was too late to cancel. */
  readonly tooLate = new Set<string>();
  /** Deposits that were begun, with their amounts. */
  readonly deposits = new Map<string, number>();
  /** Withdrawals that were made, with their amounts. */
  readonly withdrawals = new Map<string, number>();
  /** Users who were told that they are gone. */
  readonly gone = new Set<string>();
}
