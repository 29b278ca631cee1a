/**
 * The ledger: these are stored for ever, so an event is only ever added, never changed. Amounts are in minor units;
 * `balance` is the one after the event.
 */
export type AccountEvent =
  | { type: 'AccountOpened'; accountId: string; userId: string; currency: string; balance: 0 }
  | { type: 'MoneyDeposited'; depositId: string; amount: number; balance: number }
  | { type: 'MoneyWithdrawn'; withdrawalId: string; amount: number; balance: number }
  | { type: 'PaymentReserved'; orderId: string; amount: number; balance: number }
  | { type: 'PaymentDeclined'; orderId: string; amount: number; balance: number }
  | { type: 'PaymentReleased'; orderId: string; amount: number; balance: number }
  | { type: 'PaymentCaptured'; orderId: string; amount: number; balance: number }
  | { type: 'AccountClosed'; balance: 0 };
