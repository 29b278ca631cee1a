import { deepStrictEqual, match, notStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { OrderView, SessionView, UserView } from '@ashlar/cli';
import { expectStatus, Member } from '../shop/member.ts';
import { found } from '../shop/waiting.ts';
import { NOBODY, refused, type StageTests, wrongPaths } from './stage.ts';

export const users: StageTests = {
  'whoever signs up is a customer, and an e-mail address is taken once however it is written': async ({ api }) => {
    const email = `${randomUUID()}@Example.com`;
    const body = { email: `  ${email} `, password: 'correct horse battery', name: 'Ada' };
    const { body: user, headers } = expectStatus(201, await api.call<UserView>('POST /v1/users', { body }));
    deepStrictEqual(
      { ...user, id: '', createdAt: '' },
      { id: '', email: email.toLowerCase(), name: 'Ada', role: 'customer', createdAt: '' },
    );
    match(user.id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    strictEqual(headers['location'], `/v1/users/${user.id}`);
    refused(await api.call('POST /v1/users', { body: { ...body, email: email.toUpperCase() } }), '409 email_taken');
  },

  'a password has 12 to 128 characters, and everything that is wrong is told at once': async ({ api }) => {
    const body = { email: 'nobody', password: 'x'.repeat(11), name: ' ' };
    deepStrictEqual(wrongPaths(refused(await api.call('POST /v1/users', { body }), '400 invalid_request')), [
      '/email',
      '/name',
      '/password',
    ]);
    const long = { email: `${randomUUID()}@example.com`, password: 'x'.repeat(129), name: 'Ada' };
    deepStrictEqual(wrongPaths(refused(await api.call('POST /v1/users', { body: long }), '400 invalid_request')), [
      '/password',
    ]);
  },

  'a wrong password and an unknown address get the same answer': async ({ api, alice }) => {
    const wrong = await api.call('POST /v1/sessions', { body: { email: alice.email, password: 'not her password' } });
    const unknown = await api.call('POST /v1/sessions', {
      body: { email: `${randomUUID()}@example.com`, password: 'whatever it is' },
    });
    const [one, other] = [refused(wrong, '401 invalid_credentials'), refused(unknown, '401 invalid_credentials')];
    deepStrictEqual({ ...one, traceId: '' }, { ...other, traceId: '' });
  },

  'ten sign-ins a minute are enough for one address, whatever the limits are multiplied by': async ({ api }) => {
    const body = { email: `${randomUUID()}@example.com`, password: 'guess after guess' };
    for (let guess = 1; guess <= 10; guess++)
      refused(await api.call('POST /v1/sessions', { body }), '401 invalid_credentials');
    refused(
      await api.call('POST /v1/sessions', { body: { ...body, email: body.email.toUpperCase() } }),
      '429 rate_limited',
    );
  },

  'a refresh token is spent once; whoever comes with a spent one ends the session for everybody': async ({ api }) => {
    const { session } = await Member.signUp(api);
    const refresh = (refreshToken: string) =>
      api.call<SessionView>('POST /v1/sessions/refresh', { body: { refreshToken } });
    const next = expectStatus(201, await refresh(session.refreshToken)).body;
    strictEqual(next.tokenType, 'Bearer');
    strictEqual(next.expiresIn, 900);
    notStrictEqual(next.refreshToken, session.refreshToken);
    refused(await refresh(session.refreshToken), '401 token_reused');
    strictEqual((await refresh(next.refreshToken)).status, 401);
    refused(await refresh('never heard of'), '401 invalid_refresh_token');
  },

  'whoever signs out cannot refresh any more': async ({ api }) => {
    const member = await Member.signUp(api);
    expectStatus(204, await member.call('DELETE /v1/sessions'));
    const answer = await api.call('POST /v1/sessions/refresh', { body: { refreshToken: member.session.refreshToken } });
    strictEqual(answer.status, 401);
  },

  'a new name is read at once, and an unchanged profile is not sent again': async ({ api }) => {
    const member = await Member.signUp(api);
    expectStatus(200, await member.call('PATCH /v1/users/me', { body: { name: 'Grace' } }));
    const { headers, body } = expectStatus(200, await member.call<UserView>('GET /v1/users/me'));
    strictEqual(body.name, 'Grace');
    const etag = headers['etag'] ?? '';
    match(etag, /^"/);
    strictEqual((await member.call('GET /v1/users/me', { headers: { 'if-none-match': etag } })).status, 304);
    strictEqual((await member.call(`GET /v1/users/${member.id}`, { headers: { 'if-none-match': etag } })).status, 304);
  },

  'a new password ends all other sessions': async ({ api }) => {
    const here = await Member.signUp(api);
    const elsewhere = await Member.signIn(api, here);
    const newPassword = 'battery staple correct';
    const path = 'PUT /v1/users/me/password';
    refused(
      await here.call(path, { body: { currentPassword: 'not the old one', newPassword } }),
      '401 invalid_credentials',
    );
    expectStatus(204, await here.call(path, { body: { currentPassword: here.password, newPassword } }));
    const refresh = ({ session }: Member) =>
      api.call('POST /v1/sessions/refresh', { body: { refreshToken: session.refreshToken } });
    strictEqual((await refresh(elsewhere)).status, 401);
    expectStatus(201, await refresh(here));
    refused(
      await api.call('POST /v1/sessions', { body: { email: here.email, password: here.password } }),
      '401 invalid_credentials',
    );
    await Member.signIn(api, { email: here.email, password: newPassword });
  },

  'whoever leaves is forgotten: signed out, without a name or an address anywhere; the orders stay': async ({
    api,
    admin,
    cup,
  }) => {
    const member = await Member.withMoney(api, 10_000);
    const { id } = await member.order({ productId: cup.id });
    await member.settled(id, 'confirmed');
    expectStatus(204, await member.call('DELETE /v1/users/me'));
    strictEqual((await member.call('GET /v1/users/me')).status, 401);
    refused(
      await api.call('POST /v1/sessions', { body: { email: member.email, password: member.password } }),
      '401 invalid_credentials',
    );
    const order = await found('the order is without an address', async () => {
      const now = await admin.get<OrderView>(`/v1/orders/${id}`);
      return now.shippingAddress === undefined ? now : undefined;
    });
    strictEqual(order.status, 'confirmed');
    ok(!JSON.stringify(order).includes('Springfield'));
    expectStatus(
      201,
      await api.call('POST /v1/users', { body: { email: member.email, password: member.password, name: 'Another' } }),
    );
  },

  'administrators list users and change their roles, and the last one stays': async ({ api, admin, alice, bob }) => {
    const member = await Member.signUp(api);
    const all = await admin.all<UserView>('/v1/users');
    ok([admin, alice, bob, member].every(({ id }) => all.some((user) => user.id === id)));
    strictEqual(new Set(all.map(({ id }) => id)).size, all.length);
    refused(await admin.call('GET /v1/users?cursor=x'), '400 bad_cursor');
    strictEqual((await admin.get<UserView>(`/v1/users/${member.id}`)).email, member.email);
    strictEqual((await member.get<UserView>(`/v1/users/${member.id}`)).email, member.email);
    refused(await member.call(`GET /v1/users/${alice.id}`), '403 forbidden');
    refused(await admin.call(`GET /v1/users/${NOBODY}`), '404 user_not_found');
    refused(await admin.call('GET /v1/users/42'), '400 invalid_request');
    const body = { role: 'admin' };
    strictEqual(
      expectStatus(200, await admin.call<UserView>(`PATCH /v1/users/${member.id}`, { body })).body.role,
      'admin',
    );
    const promoted = await Member.signIn(api, member);
    expectStatus(200, await promoted.call('GET /v1/users'));
    expectStatus(200, await admin.call(`PATCH /v1/users/${member.id}`, { body: { role: 'customer' } }));
    refused(await promoted.call('GET /v1/users'), '403 forbidden');
    refused(await promoted.call('POST /v1/products', { body: {} }), '403 forbidden');
    refused(await promoted.call('GET /ops/services'), '403 forbidden');
    refused(await promoted.call(`GET /v1/users/${alice.id}`), '403 forbidden');
    refused(await admin.call(`PATCH /v1/users/${NOBODY}`, { body }), '404 user_not_found');
    refused(await admin.call(`PATCH /v1/users/${admin.id}`, { body: { role: 'customer' } }), '409 last_admin');
    refused(await admin.call('DELETE /v1/users/me'), '409 last_admin');
  },
};
