import type { OrderView } from '@ashlar/cli';
import { differ } from './differ.ts';
import type { Books } from './invariants.ts';

interface Participation {
  readonly id: string;
  readonly status: string;
  readonly lines?: readonly { readonly productId: string; readonly quantity: number }[];
}

const SOLD: ReadonlySet<string> = new Set(['confirmed', 'shipped', 'delivered']);
const LIVE_SHIPMENT: ReadonlySet<string> = new Set(['scheduled', 'dispatched', 'delivered']);
/** `expected` is where a choreography leaves a participant whose turn never came: nothing is held for it. */
const OPEN: ReadonlySet<string> = new Set(['reserved', 'requested', 'triggered']);

/**
 * Every order has ended; a confirmed one has one capture, one stock commit and one shipment, any other none.
 * Nobody knows of an order that does not exist.
 */
export async function orderFaults({ databases, orders, accounts }: Books): Promise<string[]> {
  const byId = <Row extends Participation>(rows: readonly Row[]) => new Map(rows.map((row) => [row.id, row]));
  const known = byId(await databases.query<Participation>('order', 'select id, status from orders'));
  const sagas = await databases.query<Participation>('order', 'select key as id, status from sagas');
  const reservations = byId(
    await databases.query<Participation>('inventory', `select id, status, state->'lines' as lines from reservations`),
  );
  const payments = byId(await databases.query<Participation>('payment', 'select id, status from payments'));
  const shipments = byId(await databases.query<Participation>('shipping', 'select id, status from shipments'));
  const captured = new Map<string, number[]>();
  for (const { type, orderId = '', amount } of accounts.flatMap(({ entries }) => entries)) {
    if (type === 'PaymentCaptured') captured.set(orderId, [...(captured.get(orderId) ?? []), amount.amount]);
  }

  const faultsOf = (order: OrderView): string[] => {
    const { id, status, total, items, reason, shipmentId } = order;
    const is = SOLD.has(status);
    const of = `${status} order ${id}`;
    const reservation = reservations.get(id);
    return [
      ...(status === 'pending' ? [`${of} has not ended`] : []),
      ...differ(`${of}: status in its database`, known.get(id)?.status, status),
      ...differ(`${of}: captures`, (captured.get(id) ?? []).join(), is ? String(total.amount) : ''),
      ...differ(`${of}: payment captured`, payments.get(id)?.status === 'captured', is),
      ...differ(`${of}: stock committed`, reservation?.status === 'committed', is),
      ...(is ? differ(`${of}: pieces`, pieces(reservation?.lines), pieces(items)) : []),
      ...differ(`${of}: shipment`, LIVE_SHIPMENT.has(shipments.get(id)?.status ?? ''), is),
      ...differ(`${of}: shipment id`, shipmentId !== undefined || !is, true),
      ...differ(`${of}: reason`, reason !== undefined, status === 'rejected'),
    ];
  };

  const participants = { payment: payments, stock: reservations, shipment: shipments };
  const strays = Object.entries(participants).flatMap(([name, all]) =>
    [...all.values()].flatMap(({ id, status }) => [
      ...(known.has(id) ? [] : [`${name} of order ${id}, which does not exist`]),
      ...(OPEN.has(status) ? [`${name} of order ${id} is still ${status}`] : []),
    ]),
  );
  return [
    ...differ('orders by the API', orders.length, known.size),
    ...differ('sagas', sagas.length, known.size),
    ...sagas.flatMap(({ id, status }) =>
      differ(`saga of order ${id}: completed`, status === 'completed', SOLD.has(known.get(id)?.status ?? '')),
    ),
    ...orders.flatMap(faultsOf),
    ...strays,
  ];
}

const pieces = (lines: Participation['lines']): string =>
  (lines ?? [])
    .map(({ productId, quantity }) => `${quantity} × ${productId}`)
    .sort()
    .join();
