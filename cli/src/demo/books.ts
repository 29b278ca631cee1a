import type { Customer } from './customer.ts';
import type { ShopApi } from './shop-api.ts';
import type { AccountView, EntryView, OrderView, StockView } from './shop-views.ts';

/** What has been checked, and what is wrong. */
export interface Audit {
  readonly invariant: string;
  readonly faults: readonly string[];
}

/** What must hold of the orders and the account of one customer, by the account's own entries. */
const OF_A_CUSTOMER: Readonly<Record<string, (books: Books) => string[]>> = {
  'every order is decided': ({ orders }) =>
    orders.filter(({ status }) => status === 'pending').map(({ id }) => `order ${id} is still pending`),

  'balance = deposits − withdrawals − captures': ({ account, entries }) => {
    const balance = sum(entries, 'MoneyDeposited') - sum(entries, 'MoneyWithdrawn') - sum(entries, 'PaymentCaptured');
    return differ(`account ${account.id}: balance`, account.balance.amount, balance);
  },

  'reserved = open reservations': ({ account, entries }) => {
    const reserved =
      sum(entries, 'PaymentReserved') - sum(entries, 'PaymentReleased') - sum(entries, 'PaymentCaptured');
    return differ(`account ${account.id}: reserved`, account.reserved.amount, reserved);
  },

  'each entry follows from the one before': ({ account, entries }) => {
    const oldestFirst = [...entries].reverse();
    return oldestFirst.flatMap((entry, at) => {
      const before = oldestFirst[at - 1]?.balanceAfter.amount ?? 0;
      return differ(
        `account ${account.id}, version ${entry.version}: balance`,
        entry.balanceAfter.amount,
        before + effectOf(entry),
      );
    });
  },

  'a confirmed order is paid once, any other never': ({ orders, entries }) =>
    orders.flatMap(({ id, status, total }) => {
      const captures = entries.filter(({ type, orderId }) => type === 'PaymentCaptured' && orderId === id);
      const paid = captures.reduce((all, { amount }) => all + amount.amount, 0);
      const isSold = !['pending', 'rejected', 'cancelled'].includes(status);
      return [
        ...differ(`${status} order ${id}: captures`, captures.length, isSold ? 1 : 0),
        ...differ(`${status} order ${id}: paid`, paid, isSold ? total.amount : 0),
      ];
    }),

  'a confirmed order has a shipment': ({ orders }) =>
    orders
      .filter(({ status, shipmentId }) => status === 'confirmed' && shipmentId === undefined)
      .map(({ id }) => `order ${id} has none`),
};

const OF_THE_STOCK = '0 ≤ reserved ≤ on hand';

interface Books {
  readonly orders: readonly OrderView[];
  readonly account: AccountView;
  readonly entries: readonly EntryView[];
}

/** Checks by the public API that the books of these customers balance, and the stock of these products. */
export async function audit(
  customers: readonly Customer[],
  productIds: readonly string[],
  api: ShopApi,
): Promise<Audit[]> {
  const found = new Map<string, string[]>([...Object.keys(OF_A_CUSTOMER), OF_THE_STOCK].map((name) => [name, []]));
  for (const customer of customers) {
    const books = {
      orders: [...customer.orders.values()],
      account: await customer.account(),
      entries: await customer.entries(),
    };
    for (const [name, check] of Object.entries(OF_A_CUSTOMER)) found.get(name)!.push(...check(books));
  }
  for (const id of productIds) {
    const { body } = await api.call<StockView>(`GET /v1/inventory/${id}`);
    const isSound =
      0 <= body.reserved && body.reserved <= body.onHand && body.available === body.onHand - body.reserved;
    if (!isSound) found.get(OF_THE_STOCK)!.push(`product ${id}: ${JSON.stringify(body)}`);
  }
  return [...found].map(([invariant, faults]) => ({ invariant, faults }));
}

const sum = (entries: readonly EntryView[], type: string): number =>
  entries.filter((entry) => entry.type === type).reduce((all, { amount }) => all + amount.amount, 0);

const SIGN: Readonly<Record<string, number>> = { MoneyDeposited: 1, MoneyWithdrawn: -1, PaymentCaptured: -1 };

const effectOf = ({ type, amount }: EntryView): number => (SIGN[type] ?? 0) * amount.amount;

const differ = (what: string, found: number, expected: number): string[] =>
  found === expected ? [] : [`${what} is ${found}, and should be ${expected}`];
