import { deepStrictEqual, notStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { databaseMissing } from '@ashlar/postgres';
import { ADMIN, ALICE, aUserService } from './user-service.fixtures.ts';

const service = aUserService();
const stored = { skip: databaseMissing };

test('a customer changes the name, and nothing else of the profile', stored, async () => {
  await service.signUp();
  const { accessToken: token } = await service.signIn();
  const patch = (body: object) => service.call('/v1/users/me', { method: 'PATCH', token, body });
  strictEqual((await patch({ name: ' Alicia ' })).json().name, 'Alicia');
  strictEqual((await patch({})).json().name, 'Alicia');
  strictEqual((await patch({ name: ' ' })).statusCode, 400);
  strictEqual((await patch({ email: 'new@example.org' })).statusCode, 400);
  const me = await service.call('/v1/users/me', { token });
  deepStrictEqual([me.json().name, me.headers['etag']], ['Alicia', '"2"']);
});

test('whoever goes leaves nothing here but an id, and others are told', stored, async () => {
  const body = { ...ALICE, email: 'leaving@example.org', name: 'Leaving Person' };
  const { id } = (await service.call('/v1/users', { method: 'POST', body, key: 'k1' })).json();
  const { accessToken: token, refreshToken } = await service.signIn(body);
  strictEqual((await service.call('/v1/users/me', { method: 'DELETE', token })).statusCode, 204);

  for (const [method, path] of [
    ['GET', '/v1/users/me'],
    ['PATCH', '/v1/users/me'],
    ['DELETE', '/v1/users/me'],
    ['GET', `/v1/users/${id}`],
  ] as const) {
    const response = await service.call(path, { method, token, ...(method === 'PATCH' && { body: {} }) });
    deepStrictEqual([response.statusCode, response.json().code], [401, 'unauthenticated'], `${method} ${path}`);
  }
  const refreshed = await service.call('/v1/sessions/refresh', { method: 'POST', body: { refreshToken } });
  strictEqual(refreshed.json().code, 'invalid_refresh_token');
  strictEqual((await service.signIn(body)).accessToken, undefined);

  deepStrictEqual(await service.db.query('select 1 from sessions where user_id = $1', [id]), []);
  const tables = ['users', 'sessions', 'refresh_tokens', 'idempotency_keys', 'outbox', 'signing_keys', 'personal_keys'];
  for (const table of tables) {
    const rows = JSON.stringify(await service.db.query(`select t::text from ${table} t`));
    deepStrictEqual([rows.includes(body.email), rows.includes(body.name)], [false, false], table);
  }
  strictEqual(service.published.at(-1), `user.UserErased.v1 ${id}`);
  const { accessToken: admin } = await service.signIn(ADMIN);
  strictEqual((await service.call(`/v1/users/${id}`, { token: admin })).json().code, 'user_not_found');

  const again = await service.call('/v1/users', { method: 'POST', body, key: 'k1' });
  strictEqual(again.statusCode, 201);
  notStrictEqual(again.json().id, id);
});

test('of two erasures at the same moment one is told, once', stored, async () => {
  const body = { ...ALICE, email: 'twice@example.org' };
  const { id } = await service.signUp(body);
  const { accessToken: token } = await service.signIn(body);
  const erase = () => service.call('/v1/users/me', { method: 'DELETE', token });
  const answers = await Promise.all([erase(), erase()]);
  deepStrictEqual(answers.map(({ statusCode }) => statusCode).sort(), [204, 401]);
  strictEqual(service.published.filter((message) => message === `user.UserErased.v1 ${id}`).length, 1);
});

test('users from before there were keys are sealed at the next start, and sign in as ever', stored, async () => {
  const body = { ...ALICE, email: 'old@example.org', name: 'Old Hand' };
  const { id } = (await service.call('/v1/users', { method: 'POST', body, key: 'old-1' })).json();
  const { db } = service;
  const profile = JSON.stringify({ email: body.email, name: body.name });
  await db.execute(`update users set email_hash = $2, state = state - 'emailHash' || $3::jsonb where id = $1`, [
    id,
    body.email,
    profile,
  ]);
  await db.execute('update idempotency_keys set caller = $2, owner = null, body = $3 where owner = $1', [
    id,
    body.email,
    JSON.stringify({ id, email: body.email, name: body.name, role: 'customer', createdAt: '2026-01-01T00:00:00Z' }),
  ]);
  await db.execute('delete from personal_data_sealed');
  await service.startAnother({});
  for (const table of ['users', 'idempotency_keys']) {
    const rows = JSON.stringify(await db.query(`select t::text from ${table} t`));
    deepStrictEqual([rows.includes(body.email), rows.includes(body.name)], [false, false], table);
  }
  const { accessToken: token } = await service.signIn(body);
  strictEqual((await service.call('/v1/users/me', { token })).json().name, body.name);
  const rows = await db.query('select 1 from idempotency_keys where owner = $1', [id]);
  strictEqual(rows.length, 1);
});
