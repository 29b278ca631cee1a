import type { EntryView } from '@ashlar/cli';
import { differ } from './differ.ts';
import type { Books } from './invariants.ts';

/** Balance = deposits − withdrawals − captures; reserved = open reservations; each entry follows from the last. */
export async function moneyFaults({ accounts, databases }: Books): Promise<string[]> {
  const stored = await databases.query<{ stream: string; count: number }>(
    'payment',
    `select stream, count(*) as count from all_events where stream like 'account-%' group by stream`,
  );
  const events = new Map(stored.map(({ stream, count }) => [stream, count]));
  return accounts.flatMap(({ account, entries }) => {
    const of = `account ${account.id}`;
    const captured = sum(entries, 'PaymentCaptured');
    const reserved = sum(entries, 'PaymentReserved') - sum(entries, 'PaymentReleased') - captured;
    const balance = sum(entries, 'MoneyDeposited') - sum(entries, 'MoneyWithdrawn') - captured;
    return [
      ...differ(`${of}: balance`, account.balance.amount, balance),
      ...differ(`${of}: reserved`, account.reserved.amount, reserved),
      ...differ(`${of}: available`, account.available.amount, balance - reserved),
      ...differ(`${of}: entries`, entries.length, events.get(`account-${account.id}`) ?? 0),
      ...differ(`${of}: version`, account.version, entries.length),
      ...(balance - reserved < 0 || reserved < 0 ? [`${of}: more is reserved than there is`] : []),
      ...ledgerFaults(of, entries),
      ...reservationFaults(of, entries),
    ];
  });
}

function ledgerFaults(of: string, newestFirst: readonly EntryView[]): string[] {
  const entries = [...newestFirst].reverse();
  return entries.flatMap((entry, at) => [
    ...differ(`${of}: version of entry ${at}`, entry.version, at + 1),
    ...differ(
      `${of}: balance at version ${entry.version}`,
      entry.balanceAfter.amount,
      (entries[at - 1]?.balanceAfter.amount ?? 0) + effectOf(entry),
    ),
  ]);
}

/** What was reserved for an order is released or captured, once, and in full. */
function reservationFaults(of: string, entries: readonly EntryView[]): string[] {
  const orders = Map.groupBy(
    entries.filter(({ orderId }) => orderId !== undefined),
    ({ orderId }) => orderId!,
  );
  return [...orders].flatMap(([orderId, all]) => {
    const amounts = (type: string) => all.filter((entry) => entry.type === type).map(({ amount }) => amount.amount);
    const reserved = amounts('PaymentReserved');
    return differ(
      `${of}, order ${orderId}: released or captured`,
      [...amounts('PaymentReleased'), ...amounts('PaymentCaptured')].join(),
      reserved.join(),
    );
  });
}

const sum = (entries: readonly EntryView[], type: string): number =>
  entries.filter((entry) => entry.type === type).reduce((all, { amount }) => all + amount.amount, 0);

const SIGN: Readonly<Record<string, number>> = { MoneyDeposited: 1, MoneyWithdrawn: -1, PaymentCaptured: -1 };

const effectOf = ({ type, amount }: EntryView): number => (SIGN[type] ?? 0) * amount.amount;
