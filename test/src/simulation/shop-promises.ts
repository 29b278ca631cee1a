import { ORDERS, type StoredOrder } from '@ashlar/order-service/simulation';
import { DEPOSITS, type StoredDeposit } from '@ashlar/payment-service/simulation';
import { SHIPMENTS, type StoredShipment } from '@ashlar/shipping-service/simulation';
import { type Deployment, PERSONAL_KEYS, type StoredPersonalKey } from '@ashlar/simulation';
import { differ } from '../shop/differ.ts';
import type { SimulatedShop } from './simulated-shop.ts';

const REASONS: ReadonlySet<string> = new Set(['payment_declined', 'out_of_stock', 'shipping_unavailable', 'timed_out']);
const WAYS: readonly string[] = [
  'confirmed',
  'confirmed,shipped',
  'confirmed,shipped,delivered',
  'rejected',
  'cancelled',
];
const STATUSES: ReadonlySet<string> = new Set(WAYS.flatMap((way) => way.split(',')));
const PARCEL: Readonly<Record<string, string>> = {
  confirmed: 'scheduled',
  shipped: 'dispatched',
  delivered: 'delivered',
};

/** What the public API promises besides the sums: what was answered is true, and an order tells its own story. */
export const brokenPromises = (shop: SimulatedShop): string[] => [
  ...answerFaults(shop),
  ...storyFaults(shop),
  ...undoingFaults(shop),
  ...privacyFaults(shop),
  ...jobFaults(shop),
];

/** Nothing that was answered has been forgotten, or turned out otherwise. */
function answerFaults({ witness, order, payment }: SimulatedShop): string[] {
  const statusOf = (id: string) => order.stored.table<StoredOrder>(ORDERS).get(id)?.state.status;
  const deposits = payment.stored.table<StoredDeposit>(DEPOSITS);
  const ledger = payment.stored.events.all.map(({ type, data }) => ({
    type,
    ...(data as { withdrawalId?: string; amount?: number }),
  }));
  return [
    ...[...witness.taken].flatMap((id) => (statusOf(id) ? [] : [`order ${id} was taken, and is not there`])),
    ...[...witness.cancelled].flatMap((id) =>
      differ(`order ${id}, whose cancellation was accepted,`, statusOf(id), 'cancelled'),
    ),
    ...[...witness.tooLate].flatMap((id) =>
      statusOf(id) === 'cancelled' ? [`order ${id} is cancelled, although it was too late`] : [],
    ),
    ...[...witness.deposits].flatMap(([id, amount]) =>
      differ(`deposit ${id} that was begun`, deposits.get(id)?.state.amount.amount, amount),
    ),
    ...[...witness.withdrawals].flatMap(([id, amount]) => {
      const made = ledger.filter(({ type, withdrawalId }) => type === 'MoneyWithdrawn' && withdrawalId === id);
      return differ(`withdrawal ${id}`, made.map((event) => event.amount).join(), String(amount));
    }),
  ];
}

/** Total, reason, parcel and timeline of an order fit each other, and nothing goes where nobody delivers. */
function storyFaults({ witness, order, shipping }: SimulatedShop): string[] {
  const shipments = shipping.stored.table<StoredShipment>(SHIPMENTS);
  return [...order.stored.table<StoredOrder>(ORDERS).values()].flatMap(({ id, state }) => {
    const { status, reason, items, total, timeline, shipmentId } = state;
    const of = `${status} order ${id}`;
    const way = timeline.flatMap(({ type }) => (STATUSES.has(type) ? [type] : []));
    const parcel = PARCEL[status];
    const shipment = shipments.get(id)?.state;
    return [
      ...differ(
        `total of ${of}`,
        total.amount,
        items.reduce((sum, one) => sum + one.quantity * one.unitPrice.amount, 0),
      ),
      ...(WAYS.includes(way.join()) ? [] : [`${of} became ${way.join()}`]),
      ...differ(`last in the timeline of ${of}`, way.at(-1), status),
      ...differ(`first in the timeline of ${of}`, timeline[0]?.type, 'created'),
      ...(reason === undefined || REASONS.has(reason) ? [] : [`${of} gives the reason ${reason}`]),
      ...(parcel
        ? [
            ...differ(`parcel of ${of}`, shipment?.status, parcel),
            ...differ(`id of the parcel of ${of}`, shipmentId, shipment?.shipmentId),
          ]
        : []),
      ...(parcel && witness.undeliverable.has(id) ? [`${of} goes to AQ`] : []),
    ];
  });
}

const UNDONE = ['payment.PaymentReleased.v1', 'inventory.StockReleased.v1', 'shipping.ShipmentCancelled.v1'];
const DONE = ['payment.PaymentReserved.v1', 'inventory.StockReserved.v1', 'shipping.ShipmentArranged.v1'];

/** An order is rejected or cancelled only once what was done for it is undone: by then money and stock are free. */
function undoingFaults({ order, payment, inventory, shipping }: SimulatedShop): string[] {
  const said = [payment, inventory, shipping].map((participant) => saidBy(participant));
  const told = saidBy(order);
  return [...order.stored.table<StoredOrder>(ORDERS).values()].flatMap(({ id, state: { status } }) => {
    if (status !== 'rejected' && status !== 'cancelled') return [];
    const endedAt = told.get(`order.OrderStatusChanged.v1 ${id}`) ?? Number.NEGATIVE_INFINITY;
    return said.flatMap((times, at) => {
      if (!times.has(`${DONE[at]} ${id}`)) return [];
      const undoneAt = times.get(`${UNDONE[at]} ${id}`) ?? Number.POSITIVE_INFINITY;
      return undoneAt <= endedAt ? [] : [`order ${id} was ${status} before ${UNDONE[at]}`];
    });
  });
}

/** When each message was said first, by its type and key, in the time of the world. */
function saidBy({ stored }: Deployment<unknown>): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  for (const kept of stored.messages.outbox) {
    if (!kept) continue;
    const name = `${kept.row.type} ${kept.row.key}`;
    if (!times.has(name)) times.set(name, kept.writtenAt);
  }
  return times;
}

const KEEPERS = ['user', 'order', 'shipping'];
const PERSONAL = ['Ada Lovelace', '1 Lane', 'Freiburg', '@example.org'];

/** What customers tell of themselves is stored nowhere but sealed, and the keys of who has gone are gone. */
const privacyFaults = ({ services, witness }: SimulatedShop): string[] =>
  services.deployments.flatMap(({ name, stored }) => {
    const { text } = stored;
    const keys = stored.table<StoredPersonalKey>(PERSONAL_KEYS);
    const mayHaveKeys = KEEPERS.includes(name) ? [...witness.gone] : [];
    return [
      ...PERSONAL.flatMap((datum) => (text.includes(datum) ? [`${name} has stored ${datum} open`] : [])),
      ...mayHaveKeys.flatMap((id) => (keys.get(id)?.state.key === undefined ? [] : [`${name} has a key of ${id}`])),
      ...mayHaveKeys.flatMap((id) => (keys.has(id) ? [] : [`${name} has not heard that ${id} has gone`])),
    ];
  });

/** No job was given up. */
const jobFaults = ({ services }: SimulatedShop): string[] =>
  services.deployments.flatMap(({ name, stored }) =>
    stored.jobs.failed.map(({ queue, id, error }) => `${name} has given up ${queue} ${id}: ${error}`),
  );
