import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import type { OrderView, Page } from '@ashlar/cli';
import { expectStatus, Member } from '../shop/member.ts';
import type { SandboxView } from '../shop/outside-faults.ts';
import { found } from '../shop/waiting.ts';
import { CUP_PRICE, refused, type Stage, type StageTests, wentThrough } from './stage.ts';

interface SagaView {
  readonly id: string;
  readonly key: string;
  readonly status: string;
  readonly steps: readonly { readonly name: string; readonly status: string; readonly at: string }[];
}

const HAPPY = [
  'payment_reserved',
  'stock_reserved',
  'shipment_arranged',
  'payment_captured',
  'stock_committed',
  'confirmed',
];

/** How the checkout ends, in every way, and what it leaves behind: the same in both styles. */
export const sagas: StageTests = {
  'an order that can be paid, filled and sent is confirmed: money, stock and parcel move once': async (stage) => {
    const { admin, api, cup } = stage;
    const member = await Member.withMoney(api, 10 * CUP_PRICE);
    const before = await admin.stock(cup.id);
    const { id } = await member.order({ productId: cup.id, quantity: 3 });
    const order = await member.settled(id);
    wentThrough(order, ...HAPPY);
    await moneyIs(member, { balance: 7 * CUP_PRICE, reserved: 0 });
    strictEqual((await admin.stock(cup.id)).onHand, before.onHand - 3);
    strictEqual((await bookingOf(stage, id))?.status, 'booked');
    const saga = await sagaOf(stage, id);
    strictEqual(saga.status, 'completed');
    ok(saga.steps.every(({ status }) => status === 'done'));
    refused(await member.call(`POST /v1/orders/${id}/cancellation`), '409 too_late');
  },

  'an order that costs more than there is is rejected, and so is one without an account in its currency': async ({
    api,
    cup,
  }) => {
    const poor = await Member.withMoney(api, CUP_PRICE - 1);
    const stranger = await Member.signUp(api);
    for (const member of [poor, stranger]) {
      const order = await member.settled((await member.order({ productId: cup.id })).id);
      deepStrictEqual([order.status, order.reason], ['rejected', 'payment_declined']);
      wentThrough(order, 'payment_declined', 'rejected');
      refused(await member.call(`POST /v1/orders/${order.id}/cancellation`), '409 not_cancellable');
    }
    await moneyIs(poor, { balance: CUP_PRICE - 1, reserved: 0 });
  },

  'an order for more than is on hand is rejected, and its money is free again by then': async (stage) => {
    const { admin, api } = stage;
    const member = await Member.withMoney(api, 10 * CUP_PRICE);
    const rare = await admin.makeProduct({ price: CUP_PRICE, pieces: 2 });
    const order = await member.settled((await member.order({ productId: rare.id, quantity: 3 })).id);
    await moneyIs(member, { balance: 10 * CUP_PRICE, reserved: 0 });
    strictEqual(order.reason, 'out_of_stock');
    wentThrough(order, 'payment_reserved', 'stock_rejected', 'payment_released', 'rejected');
    deepStrictEqual(await admin.stock(rare.id), { productId: rare.id, onHand: 2, reserved: 0, available: 2 });
    const saga = await sagaOf(stage, order.id);
    strictEqual(saga.status, 'compensated');
  },

  'an order to where no carrier goes is rejected; by then money and stock are free again': async ({ admin, api }) => {
    const member = await Member.withMoney(api, 10 * CUP_PRICE);
    const { id: productId } = await admin.makeProduct({ price: CUP_PRICE, pieces: 2 });
    const order = await member.settled((await member.order({ productId, quantity: 2, country: 'AQ' })).id);
    await moneyIs(member, { balance: 10 * CUP_PRICE, reserved: 0 });
    deepStrictEqual(await admin.stock(productId), { productId, onHand: 2, reserved: 0, available: 2 });
    strictEqual(order.reason, 'shipping_unavailable');
    deepStrictEqual(
      order.timeline.slice(0, 4).map(({ type }) => type),
      ['created', 'payment_reserved', 'stock_reserved', 'shipment_refused'],
    );
    deepStrictEqual(
      order.timeline
        .slice(4)
        .map(({ type }) => type)
        .sort(),
      ['payment_released', 'rejected', 'stock_released'],
    );
  },

  'while the carrier is away orders wait; one can be cancelled, one times out, one is confirmed when it comes back':
    async (stage) => {
      const { admin, api, alice } = stage;
      const member = await Member.withMoney(api, 10 * CUP_PRICE);
      const { id: productId } = await admin.makeProduct({ price: CUP_PRICE, pieces: 10 });
      await setCarrier(stage, 'errors');
      const [cancelled, timedOut] = [await member.order({ productId }), await member.order({ productId })];
      for (const { id } of [cancelled, timedOut]) await reached(member, id, 'stock_reserved');
      await moneyIs(member, { balance: 10 * CUP_PRICE, reserved: 2 * CUP_PRICE });
      strictEqual((await admin.stock(productId)).reserved, 2);

      const cancel = () => member.call<OrderView>(`POST /v1/orders/${cancelled.id}/cancellation`);
      expectStatus(202, await cancel());
      const order = await member.settled(cancelled.id, 'cancelled');
      strictEqual(order.reason, undefined);
      await moneyIs(member, { balance: 10 * CUP_PRICE, reserved: CUP_PRICE });
      strictEqual((await admin.stock(productId)).reserved, 1);
      strictEqual(expectStatus(202, await cancel()).body.status, 'cancelled');

      const asked = performance.now();
      await alice.get(`/v1/accounts/${alice.account.id}`);
      ok(performance.now() - asked < 3_000, 'others are slower meanwhile');

      const late = await member.settled(timedOut.id);
      deepStrictEqual([late.status, late.reason], ['rejected', 'shipping_unavailable']);
      await moneyIs(member, { balance: 10 * CUP_PRICE, reserved: 0 });
      strictEqual((await admin.stock(productId)).reserved, 0);

      const patient = await member.order({ productId });
      await reached(member, patient.id, 'stock_reserved');
      await setCarrier(stage, 'none');
      wentThrough(await member.settled(patient.id, 'confirmed'), ...HAPPY);
      const isUndone = async (id: string) => ((await bookingOf(stage, id))?.status === 'booked' ? undefined : true);
      for (const { id } of [cancelled, timedOut]) await found('no parcel is booked', () => isUndone(id));
    },
};

export async function setCarrier({ admin }: Stage, mode: string): Promise<void> {
  expectStatus(
    200,
    await admin.call('PUT /ops/sandbox', { body: { carrier: { mode, rate: mode === 'none' ? 0 : 1 } } }),
  );
}

/** Waits for a step that does not change the status. */
export async function reached(member: Member, orderId: string, step: string): Promise<void> {
  await found(`order ${orderId} has ${step}`, async () =>
    (await member.orderNow(orderId)).timeline.find(({ type }) => type === step),
  );
}

export async function sagaOf({ admin }: Stage, orderId: string): Promise<SagaView> {
  const { items } = await admin.get<Page<SagaView>>(`/ops/sagas?key=${orderId}`);
  strictEqual(items.length, 1);
  ok(items[0]!.steps.every(({ at }) => new Date(at).toISOString() === at));
  return items[0]!;
}

async function bookingOf({ admin }: Stage, orderId: string) {
  const { bookings } = await admin.get<SandboxView>('/ops/sandbox');
  return bookings.find((booking) => booking.orderId === orderId);
}

async function moneyIs(
  member: Member & { readonly account: { readonly id: string } },
  { balance, reserved }: { balance: number; reserved: number },
) {
  const account = await member.accountNow(member.account.id);
  deepStrictEqual(
    [account.balance.amount, account.reserved.amount, account.available.amount],
    [balance, reserved, balance - reserved],
  );
}
