import { eventTypes, flatCodec } from '@ashlar/event-store';
import type { AccountEvent } from '../../domain/events/account.events.ts';

/** Every event that the ledger can hold, with the upcasters of its older versions. */
export const ledger = eventTypes<AccountEvent>({
  AccountOpened: [],
  MoneyDeposited: [],
  MoneyWithdrawn: [],
  PaymentReserved: [],
  PaymentDeclined: [],
  PaymentReleased: [],
  PaymentCaptured: [],
  AccountClosed: [],
});

export const accountCodec = flatCodec<AccountEvent>();
