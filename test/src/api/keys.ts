import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Answer, OrderView, Problem } from '@ashlar/cli';
import { anAddress, dollars, expectStatus, Member } from '../shop/member.ts';
import { found } from '../shop/waiting.ts';
import { CUP_PRICE, refused, type StageTests } from './stage.ts';

const SENDERS = 20;

const someone = (name: string, fields: object = {}) => ({
  email: `${randomUUID()}@example.com`,
  password: 'correct horse battery',
  name,
  ...fields,
});

export const keys: StageTests = {
  [`${SENDERS} requests at once with one key are one order`]: async ({ api, cup }) => {
    const member = await Member.withMoney(api, 100 * CUP_PRICE);
    const headers = { 'idempotency-key': randomUUID() };
    const send = () => member.askForOrder({ productId: cup.id, headers });
    const firsts = await Promise.all(Array.from({ length: SENDERS }, send));
    ok(
      firsts.every(
        ({ status, body }) => status === 202 || (body as unknown as Problem).code === 'idempotency_in_progress',
      ),
    );
    const answers = await Promise.all(firsts.map(() => found('it is answered', async () => accepted(await send()))));
    strictEqual(new Set(answers.map(({ body }) => body.id)).size, 1);
    ok(answers.every((answer) => answer.headers['idempotency-replayed'] === 'true'));
    const orders = await member.all<OrderView>('/v1/orders');
    deepStrictEqual(
      orders.map(({ id }) => id),
      [answers[0]!.body.id],
    );
  },

  'while the first request with a key runs, others are told so': async ({ api, cup }) => {
    const member = await Member.withMoney(api, 100 * CUP_PRICE);
    await found('two have met', async () => {
      const headers = { 'idempotency-key': randomUUID() };
      const answers = await Promise.all(
        Array.from({ length: SENDERS }, () => member.askForOrder({ productId: cup.id, headers })),
      );
      return (
        answers.some(
          ({ status, body }) => status === 409 && (body as unknown as Problem).code === 'idempotency_in_progress',
        ) || undefined
      );
    });
  },

  'a refusal of what does not fit is kept under its key, like any other': async ({ alice, cup }) => {
    const { id } = alice.account;
    const rows = [
      ['POST /v1/orders', { items: [] }, { items: [{ productId: cup.id, quantity: 1 }] }],
      [`POST /v1/accounts/${id}/deposits`, { amount: dollars(-1) }, { amount: dollars(1), cardToken: 'tok_visa' }],
      [`POST /v1/accounts/${id}/withdrawals`, { amount: 'all' }, { amount: dollars(1) }],
      ['POST /v1/users', someone('Ada', { password: 'short' }), someone('Ada')],
    ] as const;
    for (const [call, wrong, other] of rows) {
      const headers = { 'idempotency-key': randomUUID() };
      const first = await alice.call<Problem>(call, { body: wrong, headers });
      const again = await alice.call<Problem>(call, { body: wrong, headers });
      deepStrictEqual([first.status, first.headers['idempotency-replayed']], [400, undefined], call);
      deepStrictEqual([again.status, again.headers['idempotency-replayed']], [400, 'true'], call);
      deepStrictEqual(again.body.errors, first.body.errors, call);
      const email = 'email' in wrong ? { email: wrong.email } : {};
      const reused = await alice.call<Problem>(call, { body: { ...other, ...email }, headers });
      deepStrictEqual([reused.status, reused.body.code], [422, 'idempotency_key_reused'], call);
    }
  },

  'the same key with the same body gets the same answer, and with another body none': async ({ admin, alice, cup }) => {
    const make = () => ({ sku: randomUUID(), name: 'Cup', category: 'kitchen', price: dollars(1) });
    const path = `/v1/accounts/${alice.account.id}` as const;
    const order = (quantity: number) => ({
      items: [{ productId: cup.id, quantity }],
      currency: 'USD',
      shippingAddress: anAddress,
    });
    const newcomer = someone('Ada');
    const rows = [
      [admin, 'POST /v1/products', make(), make()],
      [admin, `POST /v1/inventory/${cup.id}/adjustments`, { delta: 1, reason: 'one' }, { delta: 2, reason: 'two' }],
      [
        alice,
        `POST ${path}/deposits`,
        { amount: dollars(1), cardToken: 'tok_visa' },
        { amount: dollars(2), cardToken: 'tok_visa' },
      ],
      [alice, `POST ${path}/withdrawals`, { amount: dollars(1) }, { amount: dollars(2) }],
      [alice, 'POST /v1/accounts', { currency: 'CHF' }, { currency: 'SEK' }],
      [alice, 'POST /v1/orders', order(1), order(2)],
      [alice, 'POST /v1/users', newcomer, { ...newcomer, name: 'Eve' }],
    ] as const;
    for (const [member, call, body, other] of rows) {
      const headers = { 'idempotency-key': `${randomUUID()}!~` };
      const first = await member.call(call, { body, headers });
      const again = await member.call(call, { body: Object.fromEntries(Object.entries(body).reverse()), headers });
      deepStrictEqual([again.status, again.body], [first.status, first.body], call);
      ok(first.status < 300 && first.headers['idempotency-replayed'] === undefined, call);
      strictEqual(again.headers['idempotency-replayed'], 'true', call);
      strictEqual(again.headers['location'], first.headers['location'], call);
      refused(await member.call(call, { body: other, headers }), '422 idempotency_key_reused');
    }
  },

  'a refusal is repeated as well, even when it would be accepted by now': async ({ api }) => {
    const member = await Member.withMoney(api, 100);
    const withdrawal = { body: { amount: dollars(200) }, headers: { 'idempotency-key': randomUUID() } };
    const path = `POST /v1/accounts/${member.account.id}/withdrawals` as const;
    refused(await member.call(path, withdrawal), '409 insufficient_funds');
    await member.deposit(member.account.id, 1_000);
    const again = await member.call(path, withdrawal);
    refused(again, '409 insufficient_funds');
    strictEqual(again.headers['idempotency-replayed'], 'true');
    expectStatus(201, await member.call(path, { ...withdrawal, headers: { 'idempotency-key': randomUUID() } }));
  },

  'a key belongs to one caller and one path': async ({ alice, bob, cup }) => {
    const headers = { 'idempotency-key': randomUUID() };
    const [hers, his] = [
      await alice.order({ productId: cup.id, headers }),
      await bob.order({ productId: cup.id, headers }),
    ];
    ok(hers.id !== his.id);
    expectStatus(
      201,
      await alice.call(`POST /v1/accounts/${alice.account.id}/withdrawals`, { body: { amount: dollars(1) }, headers }),
    );
  },

  'a key is 1 to 255 visible characters': async ({ alice, cup }) => {
    for (const key of ['', ' ', 'with space', 'x'.repeat(256), 'ümlaut']) {
      const headers = { 'idempotency-key': Buffer.from(key, 'utf8').toString('latin1') };
      refused(await alice.askForOrder({ productId: cup.id, headers }), '400 bad_idempotency_key');
    }
    await alice.order({ productId: cup.id, headers: { 'idempotency-key': 'x'.repeat(255) } });
  },

  'sessions are never replayed': async ({ api, alice }) => {
    const headers = { 'idempotency-key': randomUUID() };
    const signIn = () =>
      api.call<{ refreshToken: string }>('POST /v1/sessions', {
        body: { email: alice.email, password: alice.password },
        headers,
      });
    const [one, other] = [expectStatus(201, await signIn()), expectStatus(201, await signIn())];
    ok(one.body.refreshToken !== other.body.refreshToken);
    strictEqual(other.headers['idempotency-replayed'], undefined);
  },
};

const accepted = (answer: Answer<OrderView>) => (answer.status === 202 ? answer : undefined);
