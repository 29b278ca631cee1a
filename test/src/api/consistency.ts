import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import type { StockView } from '@ashlar/cli';
import { dollars, expectStatus } from '../shop/member.ts';
import { refused, type StageTests } from './stage.ts';

export const consistency: StageTests = {
  'every write answers with a token of at most 512 bytes': async ({ admin, alice, cup }) => {
    const product = await admin.makeProduct();
    const writes = [
      await admin.call(`PATCH /v1/products/${product.id}`, { body: { name: 'Mug' } }),
      await admin.call(`POST /v1/inventory/${cup.id}/adjustments`, { body: { delta: 1, reason: 'count' } }),
      await admin.call(`DELETE /v1/products/${product.id}`),
      await alice.call(`POST /v1/accounts/${alice.account.id}/withdrawals`, { body: { amount: dollars(1) } }),
      await alice.call(`POST /v1/accounts/${alice.account.id}/deposits`, {
        body: { amount: dollars(1), cardToken: 'tok_visa' },
      }),
      await alice.call('PATCH /v1/users/me', { body: { name: 'Ada' } }),
      await alice.askForOrder({ productId: cup.id }),
    ];
    for (const [at, { status, headers }] of writes.entries()) {
      ok(status < 300, `write ${at}`);
      ok(
        headers['consistency-token'] !== undefined && headers['consistency-token'].length <= 512,
        `write ${at} has no token`,
      );
    }
  },

  'a write that carries a token answers with one that covers both': async ({ admin, api }) => {
    const product = await admin.makeProduct({ pieces: 3 });
    const changed = await admin.call(`PATCH /v1/products/${product.id}`, { body: { price: dollars(2) } });
    const token = changed.headers['consistency-token'] ?? '';
    const other = await admin.call('PATCH /v1/users/me', {
      body: { name: 'Admin' },
      headers: { 'consistency-token': token },
    });
    const both = expectStatus(200, other).headers['consistency-token'] ?? '';
    const read = await api.call<{ price: object }>(`GET /v1/products/${product.id}`, {
      headers: { 'consistency-token': both },
    });
    deepStrictEqual(expectStatus(200, read).body.price, dollars(2));
  },

  'a read that brings the token of a write sees it, at any service': async ({ admin, api }) => {
    for (let round = 0; round < 5; round++) {
      const body = { sku: crypto.randomUUID(), name: 'Cup', category: 'kitchen', price: dollars(1) };
      const made = await admin.call<{ id: string }>('POST /v1/products', { body });
      const headers = { 'consistency-token': made.headers['consistency-token'] ?? '' };
      const { onHand } = expectStatus(
        200,
        await api.call<StockView>(`GET /v1/inventory/${made.body.id}`, { headers }),
      ).body;
      strictEqual(onHand, 0);
    }
  },

  'what is not there in two seconds is told so, with the advice to come back': async (stage) => {
    const { admin, alice } = stage;
    const { id } = await admin.makeProduct();
    const changed = await admin.call(`PATCH /v1/products/${id}`, { body: { name: 'Mug' } });
    const headers = { 'consistency-token': fromTheFuture(changed.headers['consistency-token'] ?? '') };
    const asked = performance.now();
    const answer = await alice.call('GET /v1/orders', { headers });
    const ms = performance.now() - asked;
    refused(answer, '503 consistency_timeout');
    ok(Number(answer.headers['retry-after']) >= 1);
    ok(ms > 1_500 && ms < 4_000, `after ${ms} ms`);
  },

  'a token that is none of ours is refused': async ({ alice }) => {
    for (const token of ['x', '%%%', 'AAAA', '!'.repeat(20), 'A'.repeat(513)]) {
      refused(
        await alice.call('GET /v1/orders', { headers: { 'consistency-token': token } }),
        '400 bad_consistency_token',
      );
    }
  },
};

/** The sequence is the last number of a token with one entry, one byte while it is below 128. */
function fromTheFuture(token: string): string {
  const bytes = Buffer.from(token, 'base64url');
  bytes[bytes.length - 1] = 127;
  return bytes.toString('base64url');
}
