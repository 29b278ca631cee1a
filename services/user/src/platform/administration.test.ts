import { deepStrictEqual, notStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { databaseMissing } from '@ashlar/postgres';
import { ADMIN, ALICE, aUserService, usersIn } from './user-service.fixtures.ts';

const service = aUserService({ admin: ADMIN }, [ALICE]);
const stored = { skip: databaseMissing };
const kidOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid;
const tokenOf = async (person = ADMIN) => (await service.signIn(person)).accessToken;
const setRole = (id: string, role: string, token: string) =>
  service.call(`/v1/users/${id}`, { method: 'PATCH', token, body: { role } });
const aliceId = async () => (await me(await tokenOf(ALICE))).id;
const me = async (token: string) => (await service.call('/v1/users/me', { token })).json();
test('the administrator of the settings is there, and a later start changes nothing about it', stored, async () => {
  strictEqual((await me(await tokenOf())).role, 'admin');
  const others = { admin: { ...ADMIN, password: 'quite another password' } };
  await Promise.all([service.startAnother(others), service.startAnother(others)]);
  strictEqual((await me(await tokenOf())).role, 'admin');
  strictEqual((await service.signIn(others.admin)).accessToken, undefined);
});

test('a customer whom the settings name becomes administrator, and keeps the password', stored, async () => {
  const eve = { ...ALICE, email: 'eve@example.org' };
  await service.signUp(eve);
  await service.startAnother({ admin: { email: ' EVE@example.org', password: 'not the one of Eve' } });
  strictEqual((await me(await tokenOf(eve))).role, 'admin');
});

test('replicas that start at once make one administrator', stored, async () => {
  const admin = { email: 'second@example.org', password: 'correct horse battery' };
  await Promise.all([1, 2, 3].map(() => service.startAnother({ admin })));
  strictEqual((await me(await tokenOf(admin))).role, 'admin');
});

test('administrators see everyone, newest first, page by page; customers only themselves', stored, async () => {
  const token = await tokenOf();
  const first = (await service.call('/v1/users?limit=2', { token })).json();
  const second = (await service.call(`/v1/users?limit=2&cursor=${first.nextCursor}`, { token })).json();
  const emails = [...first.items, ...second.items].map(({ email }) => email);
  deepStrictEqual([emails.at(-1), second.nextCursor, new Set(emails).size], [ADMIN.email, null, 4]);
  deepStrictEqual(Object.keys(first.items[0]).sort(), ['createdAt', 'email', 'id', 'name', 'role']);

  const hers = await tokenOf(ALICE);
  const other = second.items.at(-1).id;
  const statusOf = async (path: string, by: string) => (await service.call(path, { token: by })).statusCode;
  strictEqual(await statusOf('/v1/users', hers), 403);
  strictEqual(await statusOf(`/v1/users/${await aliceId()}`, hers), 200);
  strictEqual(await statusOf(`/v1/users/${other}`, hers), 403);
  strictEqual(await statusOf(`/v1/users/${await aliceId()}`, token), 200);
  strictEqual(await statusOf('/v1/users/01900000-0000-7000-8000-000000000000', token), 404);
  strictEqual((await setRole(await aliceId(), 'admin', hers)).statusCode, 403);
});

test('a role that was taken away counts at once here, whatever the token says', stored, async () => {
  strictEqual((await setRole(await aliceId(), 'admin', await tokenOf())).json().role, 'admin');
  const token = await tokenOf(ALICE);
  strictEqual((await service.call('/v1/users', { token })).statusCode, 200);
  strictEqual((await setRole(await aliceId(), 'customer', await tokenOf())).json().role, 'customer');
  strictEqual((await service.call('/v1/users', { token })).statusCode, 403);
  strictEqual((await setRole(await aliceId(), 'owner', await tokenOf())).statusCode, 400);
});

test('there is always an administrator left, also when all step down at the same moment', stored, async () => {
  const token = await tokenOf();
  const { items } = (await service.call('/v1/users', { token })).json();
  const admins = items.filter(({ role }: { role: string }) => role === 'admin');
  ok(admins.length >= 3);
  await Promise.all(admins.map(({ id }: { id: string }) => setRole(id, 'customer', token)));
  const [row] = await service.db.query<{ id: string }>(`select id from users where role = 'admin'`);
  const left = (await usersIn(service.db).find(row!.id))!.state;
  const passwords = new Map([
    [ADMIN.email, ADMIN.password],
    ['second@example.org', ADMIN.password],
  ]);
  const hers = await tokenOf({ email: left.email, password: passwords.get(left.email) ?? ALICE.password });
  const refused = [
    await setRole(left.id, 'customer', hers),
    await service.call('/v1/users/me', { method: 'DELETE', token: hers }),
  ];
  deepStrictEqual(
    refused.map((answer) => [answer.statusCode, answer.json().code]),
    [
      [409, 'last_admin'],
      [409, 'last_admin'],
    ],
  );
  await service.startAnother({ admin: ADMIN });
});

test('a new signing key logs nobody out', stored, async () => {
  const token = await tokenOf();
  const rotation = await service.call('/ops/signing-keys/rotation', { method: 'POST', token });
  strictEqual(rotation.statusCode, 201);
  strictEqual((await service.call('/.well-known/jwks.json')).json().keys.length, 2);
  strictEqual(kidOf(await tokenOf()), kidOf(token));
  service.clock.aheadMs = 90_000;
  const newer = await tokenOf();
  deepStrictEqual([kidOf(newer), kidOf(newer) === kidOf(token)], [rotation.json().kid, false]);
  for (const one of [token, newer]) strictEqual((await service.call('/v1/users/me', { token: one })).statusCode, 200);
  service.clock.aheadMs = 90_000 + 961_000;
  deepStrictEqual(
    (await service.call('/.well-known/jwks.json')).json().keys.map(({ kid }: { kid: string }) => kid),
    [kidOf(newer)],
  );
  service.clock.aheadMs = 0;
  notStrictEqual(await tokenOf(), undefined);
});

test('replicas that start for the first time at once make one signing key', stored, async () => {
  await service.db.execute('delete from signing_keys');
  await Promise.all([1, 2, 3, 4].map(() => service.startAnother({})));
  strictEqual((await service.call('/.well-known/jwks.json')).json().keys.length, 1);
});
