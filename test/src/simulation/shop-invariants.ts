import {
  ADJUSTMENTS,
  LEVELS,
  RESERVATIONS,
  type StoredLevel,
  type StoredReservation,
} from '@ashlar/inventory-service/simulation';
import { ORDERS, type StoredOrder, type StoredView, VIEWS } from '@ashlar/order-service/simulation';
import { DEPOSITS, PAYMENTS, type StoredDeposit, type StoredPayment } from '@ashlar/payment-service/simulation';
import { SHIPMENTS, type StoredShipment } from '@ashlar/shipping-service/simulation';
import { differ } from '../shop/differ.ts';
import { brokenPromises } from './shop-promises.ts';
import type { SimulatedShop } from './simulated-shop.ts';

const SOLD: ReadonlySet<string> = new Set(['confirmed', 'shipped', 'delivered']);
const LIVE_SHIPMENT: ReadonlySet<string> = new Set(['scheduled', 'dispatched', 'delivered']);
const OPEN: ReadonlySet<string> = new Set(['reserved', 'requested', 'triggered', 'new']);

interface LedgerData {
  readonly depositId?: string;
  readonly orderId?: string;
  readonly amount?: number;
  readonly balance: number;
}

/** The invariants of the whole system, read from what is committed. */
export const brokenInvariants = (shop: SimulatedShop): string[] => [
  ...moneyFaults(shop),
  ...depositFaults(shop),
  ...stockFaults(shop),
  ...orderFaults(shop),
  ...viewFaults(shop),
  ...strayFaults(shop),
  ...brokenPromises(shop),
];

/** In the end every order is read as it is, and no other one is. */
function viewFaults({ order }: SimulatedShop): string[] {
  const orders = order.stored.table<StoredOrder>(ORDERS);
  const views = order.stored.table<StoredView>(VIEWS);
  const faults = [...orders.values()].flatMap(({ id, version, state }) => {
    const view = views.get(id)?.state;
    const seen = view && `${view.version} ${view.order.status} ${view.order.timeline.length}`;
    return differ(`the order ${id} is read`, seen, `${version} ${state.status} ${state.timeline.length}`);
  });
  return [...faults, ...differ('orders that can be read', views.size, orders.size)];
}

/** For each account: balance = deposits − withdrawals − captures, and 0 ≤ reserved ≤ balance after every event. */
function moneyFaults({ payment }: SimulatedShop): string[] {
  return [...payment.stored.events.streams].flatMap(([stream, events]) => {
    let balance = 0;
    const reserved = new Map<string, number>();
    const faults = events.flatMap(({ type, version, data }) => {
      const { orderId = '', amount = 0, balance: told } = data as LedgerData;
      if (type === 'MoneyDeposited') balance += amount;
      if (type === 'MoneyWithdrawn' || type === 'PaymentCaptured') balance -= amount;
      if (type === 'PaymentReserved') reserved.set(orderId, amount);
      if (type === 'PaymentReleased' || type === 'PaymentCaptured') reserved.delete(orderId);
      const held = [...reserved.values()].reduce((sum, one) => sum + one, 0);
      return [
        ...differ(`${stream} at ${version}: balance`, told, balance),
        ...(held <= balance ? [] : [`${stream} at ${version}: ${held} of ${balance} is reserved`]),
      ];
    });
    return [...faults, ...differ(`${stream}: open reservations`, reserved.size, 0)];
  });
}

/** Each deposit is charged once, booked once, or neither, and always with its amount; nothing else is. */
function depositFaults({ payment, charges }: SimulatedShop): string[] {
  const booked = new Map<string, number[]>();
  for (const { type, stream, data } of payment.stored.events.all) {
    const { depositId = '', amount = 0 } = data as LedgerData;
    const name = `${stream} ${depositId}`;
    if (type === 'MoneyDeposited') booked.set(name, [...(booked.get(name) ?? []), amount]);
  }
  const deposits = payment.stored.table<StoredDeposit>(DEPOSITS);
  const faults = [...deposits.values()].flatMap(({ id, state: { accountId, amount, status } }) => {
    const name = `account-${accountId} ${id}`;
    const once = status === 'completed' ? String(amount.amount) : '';
    const sums = (booked.get(name) ?? []).join();
    booked.delete(name);
    return [
      ...(status === 'pending' ? [`deposit ${id} is still pending`] : []),
      ...differ(`${status} deposit ${id}: charged`, String(charges.get(id)?.amount.amount ?? ''), once),
      ...differ(`${status} deposit ${id}: booked`, sums, once),
    ];
  });
  return [...faults, ...[...booked.keys()].map((name) => `${name} is booked, and is no deposit of it`)];
}

/**
 * For each product: 0 ≤ reserved ≤ onHand, and onHand = adjustments − committed; nothing is held for what has ended.
 */
function stockFaults({ inventory }: SimulatedShop): string[] {
  const reservations = [...inventory.stored.table<StoredReservation>(RESERVATIONS).values()];
  const adjustments = [...inventory.stored.table<{ productId: string; delta: number }>(ADJUSTMENTS).values()];
  return [...inventory.stored.table<StoredLevel>(LEVELS).values()].flatMap(({ id, state: { onHand, reserved } }) => {
    const of = (status: string) =>
      reservations
        .filter(({ state }) => state.status === status)
        .flatMap(({ state }) => state.lines)
        .reduce((sum, line) => sum + (line.productId === id ? line.quantity : 0), 0);
    const delivered = adjustments.reduce((sum, { state }) => sum + (state.productId === id ? state.delta : 0), 0);
    return [
      ...differ(`stock of ${id}`, onHand, delivered - of('committed')),
      ...differ(`reserved of ${id}`, reserved, of('reserved')),
      ...(reserved >= 0 && reserved <= onHand ? [] : [`${reserved} of ${onHand} ${id} are reserved`]),
    ];
  });
}

/** Every order has ended; a confirmed one has one capture, one stock commit and one shipment; any other has none. */
function orderFaults({ order, payment, inventory, shipping, bookings }: SimulatedShop): string[] {
  const captures = new Map<string, number[]>();
  for (const { type, data } of payment.stored.events.all) {
    const { orderId = '', amount = 0 } = data as LedgerData;
    if (type === 'PaymentCaptured') captures.set(orderId, [...(captures.get(orderId) ?? []), amount]);
  }
  const payments = payment.stored.table<StoredPayment>(PAYMENTS);
  const reservations = inventory.stored.table<StoredReservation>(RESERVATIONS);
  const shipments = shipping.stored.table<StoredShipment>(SHIPMENTS);
  const sagas = new Map(order.stored.sagas.all.map((saga) => [saga.id, saga]));
  const orders = [...order.stored.table<StoredOrder>(ORDERS).values()];
  return [
    ...differ('sagas', sagas.size, orders.length),
    ...orders.flatMap(({ id, state: { status, total, reason, items } }) => {
      const is = SOLD.has(status);
      const of = `${status} order ${id}`;
      return [
        ...(status === 'pending' ? [`${of} has not ended`] : []),
        ...differ(`${of}: captures`, (captures.get(id) ?? []).join(), is ? String(total.amount) : ''),
        ...differ(`${of}: payment captured`, payments.get(id)?.state.status === 'captured', is),
        ...differ(`${of}: stock committed`, reservations.get(id)?.state.status === 'committed', is),
        ...differ(`${of}: pieces`, is ? linesOf(reservations.get(id)?.state.lines) : '', is ? linesOf(items) : ''),
        ...differ(`${of}: shipment`, LIVE_SHIPMENT.has(shipments.get(id)?.state.status ?? ''), is),
        ...differ(`${of}: booked at the carrier`, bookings.get(id) === 'booked', is),
        ...differ(`${of}: saga completed`, sagas.get(id)?.state.status === 'completed', is),
        ...differ(`${of}: reason`, reason !== undefined, status === 'rejected'),
      ];
    }),
  ];
}

const linesOf = (lines: readonly { readonly productId: string; readonly quantity: number }[] = []): string =>
  lines
    .map(({ productId, quantity }) => `${quantity} ${productId}`)
    .sort()
    .join();

/** Nobody knows of an order that does not exist, and nothing is left open. */
function strayFaults({ order, payment, inventory, shipping }: SimulatedShop): string[] {
  const orders = order.stored.table<StoredOrder>(ORDERS);
  const participants = {
    payment: payment.stored.table<{ status: string }>(PAYMENTS),
    reservation: inventory.stored.table<{ status: string }>(RESERVATIONS),
    shipment: shipping.stored.table<{ status: string }>(SHIPMENTS),
  };
  return Object.entries(participants).flatMap(([name, all]) =>
    [...all.values()].flatMap(({ id, state: { status } }) => [
      ...(orders.has(id) ? [] : [`the ${name} of order ${id}, which does not exist`]),
      ...(OPEN.has(status) ? [`the ${name} of order ${id} is still ${status}`] : []),
    ]),
  );
}
