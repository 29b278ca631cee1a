import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Page } from '@ashlar/cli';
import { Databases, SERVICES } from '../shop/databases.ts';
import { expectStatus } from '../shop/member.ts';
import { eventually, found } from '../shop/waiting.ts';
import { reached, sagaOf, setCarrier } from './sagas.ts';
import { NOBODY, refused, type Stage, type StageTests } from './stage.ts';

interface DeadLetter {
  readonly id: string;
  readonly consumer: string;
  readonly key: string;
  readonly type: string;
  readonly status: string;
  readonly error: string;
}

export const operations: StageTests = {
  'an administrator sees every service, its replicas and their breakers': async ({ admin, shop }) => {
    const { items } =
      await admin.get<
        Page<{
          service: string;
          status: string;
          replicas: { pid: number; status: string; breakers: { name: string; state: string }[] }[];
        }>
      >('/ops/services');
    deepStrictEqual(items.map(({ service }) => service).sort(), SERVICES.toSorted());
    ok(items.every(({ status, replicas }) => status === 'ready' && replicas.every(({ pid }) => pid === shop.pid)));
    const breakers = items.flatMap(({ replicas }) => replicas.flatMap((replica) => replica.breakers));
    ok(breakers.length >= 2 && breakers.every(({ name, state }) => name && state));
  },

  'sagas are listed newest first, by status and by key': async (stage) => {
    const { admin, alice, cup } = stage;
    const { id } = await alice.order({ productId: cup.id });
    await alice.settled(id);
    const saga = await sagaOf(stage, id);
    strictEqual(saga.key, id);
    deepStrictEqual(await admin.get(`/ops/sagas/${saga.id}`), saga);
    const completed = await admin.get<Page<{ id: string; status: string }>>('/ops/sagas?status=completed&limit=5');
    ok(
      completed.items.some((one) => one.id === saga.id) &&
        completed.items.every(({ status }) => status === 'completed'),
    );
    refused(await admin.call(`GET /ops/sagas/${NOBODY}`), '404 not_found');
    refused(await admin.call('GET /ops/sagas?cursor=x'), '400 bad_cursor');
  },

  'only a saga that is stuck can be tried again': async (stage) => {
    const { admin, alice, cup, shop } = stage;
    await setCarrier(stage, 'errors');
    const { id } = await alice.order({ productId: cup.id });
    await reached(alice, id, 'stock_reserved');
    const saga = await sagaOf(stage, id);
    refused(await admin.call(`POST /ops/sagas/${saga.id}/retry`), '409 saga_not_stuck');
    refused(await admin.call(`POST /ops/sagas/${NOBODY}/retry`), '404 not_found');
    await getStuck(shop, id);
    strictEqual((await sagaOf(stage, id)).status, 'stuck');
    expectStatus(202, await admin.call(`POST /ops/sagas/${saga.id}/retry`));
    await setCarrier(stage, 'none');
    strictEqual((await alice.settled(id)).status, 'confirmed');
  },

  'a message that cannot be handled waits for an administrator, who has it tried again or dropped': async ({
    admin,
    shop,
  }) => {
    const key = randomUUID();
    await publishNonsense(shop, key);
    const letters = async () =>
      (await admin.all<DeadLetter>('/ops/dead-letters')).filter((letter) => letter.key === key);
    await eventually('both consumers have refused it', async () => (await letters()).length === 2);
    for (const letter of await letters()) {
      strictEqual(letter.status, 'dead');
      strictEqual(letter.type, 'product.ProductCreated.v1');
      const whole = await admin.get<DeadLetter & { message: { data: object } }>(`/ops/dead-letters/${letter.id}`);
      deepStrictEqual(whole.message.data, { nonsense: true });
    }
    const [first, second] = await letters();
    expectStatus(202, await admin.call(`POST /ops/dead-letters/${first!.id}/replay`));
    await found('it is dead again', async () =>
      (await letters()).find(({ id, status }) => id === first!.id && status === 'dead'),
    );
    for (const { id } of [first!, second!]) expectStatus(202, await admin.call(`DELETE /ops/dead-letters/${id}`));
    await eventually('nothing is left', async () => (await letters()).length === 0);
    refused(await admin.call(`GET /ops/dead-letters/${NOBODY}`), '404 not_found');
    refused(await admin.call(`POST /ops/dead-letters/${NOBODY}/replay`), '404 not_found');
    refused(await admin.call(`DELETE /ops/dead-letters/${NOBODY}`), '404 not_found');
    refused(await admin.call('GET /ops/dead-letters?cursor=x'), '400 bad_cursor');
  },

  'whatever is under /ops is refused before it is looked up': async ({ admin, alice, api }) => {
    for (const path of ['/ops/services', '/ops/sandbox', '/ops/nothing', '/ops/sagas/42'] as const) {
      refused(await api.call(`GET ${path}`), '401 unauthenticated');
      refused(await alice.call(`GET ${path}`), '403 forbidden');
    }
    refused(await admin.call('GET /ops/nothing'), '404 not_found');
  },

  'a fault of the sandbox has a mode, a rate and a delay, and nothing else': async ({ admin }) => {
    for (const carrier of [
      {},
      { mode: 'broken' },
      { mode: 'slow', rate: 2 },
      { mode: 'slow', delayMs: -1 },
      { mode: 'none', more: 1 },
      null,
    ]) {
      refused(await admin.call('PUT /ops/sandbox', { body: { carrier } }), '400 invalid_request');
    }
    const body = { carrier: { mode: 'none', rate: 0 }, cardProcessor: { mode: 'none', rate: 0 } };
    deepStrictEqual(expectStatus(200, await admin.call('PUT /ops/sandbox', { body })).body, body);
  },

  'anybody may ask whether the system lives and is ready': async ({ api }) => {
    deepStrictEqual(expectStatus(200, await api.call('GET /livez')).body, { status: 'ok' });
    deepStrictEqual(expectStatus(200, await api.call('GET /readyz')).body, { status: 'ok' });
  },
};

/** As if a step had been tried in vain for long. */
async function getStuck(shop: Stage['shop'], key: string): Promise<void> {
  const databases = new Databases(shop);
  const stuck = `update sagas set status = 'stuck', version = version + 1,
    state = jsonb_set(jsonb_set(state, '{progress,stuck}', '"no answer"'), '{status}', '"stuck"') where key = $1`;
  await databases.query('order', stuck, [key]).finally(() => databases.close());
}

/** A message that breaks its contract, as a faulty release might have left it in the outbox. */
export async function publishNonsense(shop: Stage['shop'], key: string): Promise<void> {
  const databases = new Databases(shop);
  const insert = `insert into outbox (id, channel, key, sequence, type, time, data, context)
    select $1, channel, $2, 1, type, time, '{"nonsense": true}', context
    from outbox where type = 'product.ProductCreated.v1' limit 1`;
  await databases.query('product', insert, [randomUUID(), key]).finally(() => databases.close());
}
