import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { type OrderView, RefusedError } from '@ashlar/cli';
import { expectStatus, Member } from '../shop/member.ts';
import { setCarrier } from './sagas.ts';
import { NOBODY, type StageTests } from './stage.ts';

export const streams: StageTests = {
  'a stream tells each change of an order once, and goes on where a client had left it': async (stage) => {
    const { admin, alice, cup } = stage;
    await setCarrier(stage, 'errors');
    const { id } = await alice.order({ productId: cup.id });
    const stream = follow(alice, id);
    const first = (await stream.next()).value!;
    deepStrictEqual([first.event, first.data.status, first.data.id], ['status', 'pending', id]);

    const second = stream.next();
    await setCarrier(stage, 'none');
    const confirmed = (await second).value!;
    strictEqual(confirmed.data.status, 'confirmed');
    ok(Number(confirmed.id) > Number(first.id));
    await stream.return(undefined);

    const { shipmentId } = await alice.orderNow(id);
    expectStatus(200, await admin.call(`POST /v1/shipments/${shipmentId}/dispatch`));
    await alice.settled(id, 'shipped');
    const statuses = async (lastEventId: string | undefined, count: number) => {
      const seen: string[] = [];
      const again = follow(alice, id, lastEventId);
      while (seen.length < count) seen.push((await again.next()).value!.data.status);
      await again.return(undefined);
      return seen;
    };
    deepStrictEqual(await statuses(undefined, 3), ['pending', 'confirmed', 'shipped']);
    deepStrictEqual(await statuses(first.id, 2), ['confirmed', 'shipped']);
    deepStrictEqual(await statuses(confirmed.id, 1), ['shipped']);
  },

  'many listen to one order, and all hear the same': async ({ alice, cup }) => {
    const { id } = await alice.order({ productId: cup.id });
    const heard = await Promise.all(
      Array.from({ length: 20 }, async () => {
        for await (const { data } of follow(alice, id)) if (data.status !== 'pending') return data.status;
        return 'nothing';
      }),
    );
    deepStrictEqual([...new Set(heard)], ['confirmed']);
  },

  'a stream ends when its client signs out': async ({ api, alice, cup }) => {
    const { id } = await alice.order({ productId: cup.id });
    await alice.settled(id, 'confirmed');
    const leaving = await Member.signIn(api, alice);
    const stream = follow(leaving, id);
    strictEqual((await stream.next()).value!.data.status, 'pending');
    strictEqual((await stream.next()).value!.data.status, 'confirmed');
    expectStatus(204, await leaving.call('DELETE /v1/sessions'));
    deepStrictEqual(await stream.next(), { done: true, value: undefined });
  },

  "nobody listens to somebody else's order": async ({ admin, alice, bob, cup }) => {
    const { id } = await alice.order({ productId: cup.id });
    const first = (member: Member, order: string) => follow(member, order).next();
    strictEqual((await first(admin, id)).value!.data.id, id);
    for (const [member, order, status] of [
      [bob, id, 403],
      [alice, NOBODY, 404],
      [alice, '42', 400],
    ] as const) {
      await rejects(first(member, order), (error) => error instanceof RefusedError && error.status === status);
    }
  },
};

function follow({ api, token }: Member, orderId: string, lastEventId?: string) {
  return api.follow<OrderView>(`/v1/orders/${orderId}/events`, {
    token,
    ...(lastEventId !== undefined && { lastEventId }),
  });
}
