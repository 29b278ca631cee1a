import { deepStrictEqual, doesNotMatch, match, notStrictEqual, strictEqual } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { KeyedHash } from '@ashlar/personal-data';
import { databaseMissing, eventually } from '@ashlar/postgres';
import { ALICE, aUserService, outside, someoneWaits, usersIn } from './user-service.fixtures.ts';

const service = aUserService();
const stored = { skip: databaseMissing };
const register = (body: object, key?: string) =>
  service.call('/v1/users', { method: 'POST', body, ...(key && { key }) });

test('someone new signs up and gets a profile, and others learn that there is a user', stored, async () => {
  const response = await register({ ...ALICE, email: ' Alice@Example.ORG ' });
  strictEqual(response.statusCode, 201);
  const { id, createdAt, ...profile } = response.json();
  deepStrictEqual(profile, { email: 'alice@example.org', name: 'Alice', role: 'customer' });
  match(createdAt, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  strictEqual(response.headers['location'], `/v1/users/${id}`);
  match(String(response.headers['consistency-token']), /./);
  strictEqual(service.published.at(-1), `user.UserRegistered.v1 ${id}`);
});

test('an e-mail address is taken once, however it is written', stored, async () => {
  const again = await register({ ...ALICE, email: 'ALICE@example.org' });
  deepStrictEqual([again.statusCode, again.json().code], [409, 'email_taken']);
});

test('whoever is overtaken on the way to an address hears that it is taken', stored, async () => {
  for (const key of [undefined, 'overtaken']) {
    const email = `${key}@example.org`;
    const answer = await whileSomeoneTakes(email, () => register({ ...ALICE, email }, key));
    deepStrictEqual([answer.statusCode, answer.json().code], [409, 'email_taken']);
    const again = await register({ ...ALICE, email }, key);
    deepStrictEqual([again.statusCode, again.headers['idempotency-replayed']], [409, key && 'true']);
  }
});

/** Someone else has taken the address, and commits when the request has come as far as the index. */
async function whileSomeoneTakes<T>(email: string, work: () => Promise<T>): Promise<T> {
  const { db } = service;
  const request = Promise.withResolvers<T>();
  await db.transaction(async () => {
    await db.query('set local idle_in_transaction_session_timeout = 0');
    const hash = await new KeyedHash(db, 'email').of(email);
    await db.execute(`insert into users (id, version, email_hash, state) values ($1, 1, $1, '{}')`, [hash]);
    outside(() => request.resolve(work()));
    await eventually('the request waits', () => someoneWaits(db));
  });
  return request.promise;
}

test('a sign-up that is sent again is answered once, per e-mail address', stored, async () => {
  const body = { ...ALICE, email: 'again@example.org' };
  const first = await register(body, 'k1');
  const second = await register(body, 'k1');
  deepStrictEqual([second.statusCode, second.body, second.headers['idempotency-replayed']], [201, first.body, 'true']);
  const other = await register({ ...body, email: 'other@example.org' }, 'k1');
  notStrictEqual(other.json().id, first.json().id);
  for (const change of [{ name: 'Bob' }, { password: 'another password' }]) {
    const changed = await register({ ...body, ...change }, 'k1');
    deepStrictEqual([changed.statusCode, changed.json().code], [422, 'idempotency_key_reused']);
  }
});

test('the password is stored in no form that could be guessed fast', stored, async () => {
  await register({ ...ALICE, email: 'kept@example.org' }, 'k2');
  const hash = (await usersIn(service.db).findByEmail('kept@example.org'))?.state.passwordHash;
  match(hash ?? '', /^\$argon2id\$/);
  const all = await service.db.query(`select u.state::text, k.* from users u, idempotency_keys k`);
  doesNotMatch(JSON.stringify(all), new RegExp(ALICE.password));
  const fingerprints = (
    await service.db.query<{ of: string }>(`select encode(fingerprint, 'hex') as of from idempotency_keys`)
  ).map(({ of }) => of);
  const { email, name, password } = { ...ALICE, email: 'kept@example.org' };
  const plain = createHash('sha256').update(JSON.stringify({ email, name, password })).digest('hex');
  strictEqual(fingerprints.includes(plain), false);
});

test('all that is wrong with a sign-up is told at once', stored, async () => {
  const response = await register({ email: 'nobody', password: 'short', name: ' ' });
  deepStrictEqual([response.statusCode, response.json().code], [400, 'invalid_request']);
  deepStrictEqual(
    response.json().errors.map(({ path }: { path: string }) => path),
    ['/email', '/name', '/password'],
  );
  doesNotMatch(response.body, /short/);
  for (const body of [{ ...ALICE, role: 'admin' }, { email: 'a@b' }, { ...ALICE, email: 7 }, []]) {
    strictEqual((await register(body)).statusCode, 400);
  }
});

test(
  'a crowd that signs up at once gets in, though the hashes take longer than a transaction may idle',
  stored,
  async () => {
    const crowd = Array.from({ length: 60 }, (_, n) =>
      register({ ...ALICE, email: `crowd${n}@example.org` }, `crowd${n}`),
    );
    deepStrictEqual(new Set((await Promise.all(crowd)).map(({ statusCode }) => statusCode)), new Set([201]));
  },
);
