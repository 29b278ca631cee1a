import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { databaseMissing } from '@ashlar/postgres';
import { ALICE, aUserService } from './user-service.fixtures.ts';

const service = aUserService({}, [ALICE]);
const stored = { skip: databaseMissing };
const post = (path: string, body: object) => service.call(path, { method: 'POST', body });
const refresh = (refreshToken: string) => post('/v1/sessions/refresh', { refreshToken });
const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
const ALICE_SIGNS_IN = { email: ` ${ALICE.email.toUpperCase()}`, password: ALICE.password };
const DAY_MS = 86_400_000;

test('signing in gives a token that the public keys prove, for 15 minutes', stored, async () => {
  const response = await post('/v1/sessions', ALICE_SIGNS_IN);
  deepStrictEqual([response.statusCode, response.headers['cache-control']], [201, 'no-store']);
  const { accessToken, refreshToken, ...rest } = response.json();
  deepStrictEqual(rest, { tokenType: 'Bearer', expiresIn: 900 });
  match(refreshToken, /^[\w-]{43}$/);
  const { iss, aud, role, exp, iat, sid, jti } = claimsOf(accessToken);
  deepStrictEqual([iss, aud, role, exp - iat], ['ashlar', 'ashlar', 'customer', 900]);
  ok(sid && jti);
  const me = await service.call('/v1/users/me', { token: accessToken });
  deepStrictEqual([me.json().email, me.headers['etag']], [ALICE.email, '"1"']);
  const keys = await service.call('/.well-known/jwks.json');
  strictEqual(keys.headers['cache-control'], 'public, max-age=60');
  deepStrictEqual(Object.keys(keys.json().keys[0]).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x']);
});

test('a wrong password and an unknown address are answered alike', stored, async () => {
  const attempts = [
    { password: 'wrong' },
    { email: 'nobody@example.org' },
    { email: 'not an address' },
    { password: '' },
  ];
  for (const attempt of attempts) {
    const response = await post('/v1/sessions', { ...ALICE_SIGNS_IN, ...attempt });
    const { status, code, detail } = response.json();
    deepStrictEqual(
      { status, code, detail },
      { status: 401, code: 'invalid_credentials', detail: 'The e-mail address or the password is wrong.' },
    );
  }
});

test('refreshing spends the token; a spent one ends the session for both who hold it', stored, async () => {
  const { accessToken, refreshToken } = await service.signIn();
  const other = await service.signIn();
  const next = await refresh(refreshToken);
  strictEqual(next.statusCode, 201);
  strictEqual(claimsOf(next.json().accessToken).sid, claimsOf(accessToken).sid);
  const reused = await refresh(refreshToken);
  deepStrictEqual([reused.statusCode, reused.json().code], [401, 'token_reused']);
  strictEqual((await refresh(next.json().refreshToken)).json().code, 'invalid_refresh_token');
  strictEqual((await refresh(refreshToken)).json().code, 'token_reused');
  strictEqual((await refresh(other.refreshToken)).statusCode, 201);
});

test('of two who refresh with the same token at the same moment one wins, and the session ends', stored, async () => {
  for (let round = 0; round < 5; round++) {
    const { refreshToken } = await service.signIn();
    const answers = await Promise.all([refresh(refreshToken), refresh(refreshToken), refresh(refreshToken)]);
    deepStrictEqual(answers.map((answer) => answer.json().code ?? 'won').sort(), [
      'token_reused',
      'token_reused',
      'won',
    ]);
    const won = answers.find(({ statusCode }) => statusCode === 201)?.json();
    strictEqual((await refresh(won.refreshToken)).statusCode, 401);
  }
});

test('signing out ends this session and no other', stored, async () => {
  const [here, there] = [await service.signIn(), await service.signIn()];
  strictEqual((await service.call('/v1/sessions', { method: 'DELETE', token: here.accessToken })).statusCode, 204);
  strictEqual((await service.call('/v1/sessions', { method: 'DELETE', token: here.accessToken })).statusCode, 204);
  strictEqual((await refresh(here.refreshToken)).json().code, 'invalid_refresh_token');
  strictEqual((await refresh(there.refreshToken)).statusCode, 201);
});

test('only the hashes of refresh tokens are kept', stored, async () => {
  const { refreshToken } = await service.signIn();
  const all = await service.db.query(
    'select s.state::text, t.hash from sessions s join refresh_tokens t on t.session_id = s.id',
  );
  strictEqual(JSON.stringify(all).includes(refreshToken), false);
});

test('a refresh token is good for 30 days, and its session is forgotten after that', stored, async () => {
  const { refreshToken } = await service.signIn();
  service.clock.aheadMs = 29 * DAY_MS;
  const next = await refresh(refreshToken);
  strictEqual(next.statusCode, 201);
  service.clock.aheadMs = 59.5 * DAY_MS;
  strictEqual((await refresh(next.json().refreshToken)).json().code, 'invalid_refresh_token');
  await service.purgeSessions();
  deepStrictEqual(await service.db.query('select 1 from sessions union all select 1 from refresh_tokens'), []);
  service.clock.aheadMs = 0;
});

test('a new password ends all other sessions, and needs the old one', stored, async () => {
  const [here, there] = [await service.signIn(), await service.signIn()];
  const change = (body: object) =>
    service.call('/v1/users/me/password', { method: 'PUT', token: here.accessToken, body });
  const newPassword = 'a password that is new';
  const wrong = await change({ currentPassword: 'not the old password', newPassword });
  deepStrictEqual([wrong.statusCode, wrong.json().code], [401, 'invalid_credentials']);
  strictEqual(wrong.json().detail, 'The current password is wrong.');
  strictEqual((await change({ currentPassword: ALICE.password, newPassword: 'short' })).statusCode, 400);
  strictEqual((await change({ currentPassword: ALICE.password, newPassword })).statusCode, 204);
  strictEqual((await refresh(there.refreshToken)).json().code, 'invalid_refresh_token');
  strictEqual((await refresh(here.refreshToken)).statusCode, 201);
  strictEqual((await post('/v1/sessions', ALICE_SIGNS_IN)).statusCode, 401);
  strictEqual((await post('/v1/sessions', { ...ALICE_SIGNS_IN, password: newPassword })).statusCode, 201);
});
