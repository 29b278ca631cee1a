import { differ } from './differ.ts';
import type { Books } from './invariants.ts';

/** `GET /ops/sandbox`. */
export interface SandboxView {
  readonly charges: readonly {
    readonly idempotencyKey: string;
    readonly amount: { readonly amount: number; readonly currency: string };
    readonly count: number;
  }[];
  readonly bookings: readonly { readonly orderId: string; readonly status: 'booked' | 'cancelled' }[];
}

interface Deposit {
  readonly id: string;
  readonly status: string;
  readonly amount: number;
}

/** The sandbox tells the last thousand of each. */
const TOLD = 1_000;

/** One charge for each completed deposit, none for another; the carrier's bookings agree with the shipments. */
export async function outsideFaults({ databases, sandbox }: Books): Promise<string[]> {
  const deposits = await databases.query<Deposit>(
    'payment',
    `select id, status, (state->'amount'->>'amount')::float8 as amount from deposits`,
  );
  const shipments = await databases.query<{ id: string; status: string }>(
    'shipping',
    'select id, status from shipments',
  );
  return [...chargeFaults(deposits, sandbox), ...bookingFaults(shipments, sandbox)];
}

function chargeFaults(deposits: readonly Deposit[], { charges }: SandboxView): string[] {
  const charged = new Map(charges.map((charge) => [charge.idempotencyKey, charge]));
  const known = new Set(deposits.map(({ id }) => id));
  const isWhole = charges.length < TOLD;
  return [
    ...deposits
      .filter(({ id }) => isWhole || charged.has(id))
      .flatMap(({ id, status, amount }) => [
        ...differ(`${status} deposit ${id}: charges`, charged.get(id)?.count ?? 0, status === 'completed' ? 1 : 0),
        ...(status === 'completed' ? differ(`deposit ${id}: charged`, charged.get(id)?.amount.amount, amount) : []),
      ]),
    ...charges
      .filter(({ idempotencyKey }) => !known.has(idempotencyKey))
      .map(({ idempotencyKey }) => `a charge for deposit ${idempotencyKey}, which does not exist`),
  ];
}

function bookingFaults(shipments: readonly { id: string; status: string }[], { bookings }: SandboxView): string[] {
  const booked = new Map(bookings.map(({ orderId, status }) => [orderId, status]));
  const known = new Set(shipments.map(({ id }) => id));
  const isWhole = bookings.length < TOLD;
  const isLive = (status: string) => ['scheduled', 'dispatched', 'delivered'].includes(status);
  return [
    ...shipments
      .filter(({ id }) => isWhole || booked.has(id))
      .flatMap(({ id, status }) =>
        differ(`${status} shipment of order ${id}: booked`, booked.get(id) === 'booked', isLive(status)),
      ),
    ...bookings
      .filter(({ orderId }) => !known.has(orderId))
      .map(({ orderId }) => `a booking for order ${orderId}, which shipping does not know`),
  ];
}
