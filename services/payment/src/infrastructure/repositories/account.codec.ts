import type { EventCodec } from '@ashlar/event-store';
import type { AccountEvent } from '../../domain/events/account.events.ts';

const TYPES: ReadonlySet<string> = new Set<AccountEvent['type']>([
  'AccountOpened',
  'MoneyDeposited',
  'MoneyWithdrawn',
  'PaymentReserved',
  'PaymentDeclined',
  'PaymentReleased',
  'PaymentCaptured',
]);

/** How the events of the ledger are written down. */
export const accountCodec: EventCodec<AccountEvent> = {
  encode: ({ type, ...data }) => ({ type, data }),
  decode({ type, data }) {
    if (!TYPES.has(type)) throw new Error(`The ledger holds an event of the unknown type ${type}.`);
    return { type, ...(data as object) } as AccountEvent;
  },
};
