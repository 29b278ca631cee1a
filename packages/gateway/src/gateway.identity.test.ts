import { deepStrictEqual, notStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { systemClock, UuidV7Ids } from '@ashlar/domain';
import { createClaimsVerifier, INTERNAL, InvalidTokenError } from '@ashlar/http';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { InternalTokens } from './auth/internal-tokens.ts';
import { jwtIdentities } from './auth/jwt-identities.ts';
import type { Cluster, News } from './cluster/cluster.ts';
import { aClock, aGateway, aService, bearer, eventually } from './gateway.fixtures.ts';
import type { Route } from './routing/route.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

const guarded: readonly Route[] = [
  { method: 'GET', path: '/reports', upstream: 'shop', access: { roles: ['auditor', 'service'] } },
  { method: 'POST', path: '/reports', upstream: 'shop', access: { scopes: ['reports:write'] } },
  { method: 'GET', path: '/users/:user', upstream: 'shop', access: { owner: { parameter: 'user', claim: 'sub' } } },
  { method: 'GET', path: '/tenants/:t', upstream: 'shop', access: { owner: { parameter: 't', claim: 'tenant' } } },
];

async function anIssuer() {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256' }] };
  const sign = (claims: Record<string, unknown>) =>
    new SignJWT({ sub: 'u1', exp: Math.floor(Date.now() / 1000) + 600, ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'k' })
      .sign(privateKey);
  return { sign, verifier: jwtIdentities({ jwks }, systemClock) };
}

test('a route asks for roles, scopes, or the owner of what its path names', async (t) => {
  const { sign, verifier } = await anIssuer();
  const { ask } = await aGateway(t, [(await aService(t)).url], { routes: guarded, verifier });
  const as = async (path: string, claims: Record<string, unknown>, method = 'GET') =>
    (await ask(path, { method, headers: bearer(await sign(claims)) })).status;
  deepStrictEqual([await as('/reports', { roles: ['auditor'] }), await as('/reports', { role: 'admin' })], [200, 403]);
  strictEqual(await as('/reports', { scope: 'reports:read reports:write' }, 'POST'), 200);
  strictEqual(await as('/reports', { scope: 'reports:read' }, 'POST'), 403);
  deepStrictEqual([await as('/users/u1', {}), await as('/users/u2', {})], [200, 403]);
  deepStrictEqual([await as('/tenants/t1', { tenant: 't1' }), await as('/tenants/t1', {})], [200, 403]);
  strictEqual((await ask('/reports')).status, 401);
});

test('whoever has several roles has each of them, until they change', async (t) => {
  const { sign, verifier } = await anIssuer();
  const service = await aService(t, (request, response) => {
    const changed = request.method === 'PATCH' && { 'ashlar-current-role': 'u1 reader' };
    response.writeHead(200, { ...changed }).end();
  });
  const routes: readonly Route[] = [
    ...guarded,
    { method: 'GET', path: '/settings', upstream: 'shop', access: 'admin' },
    { method: 'PATCH', path: '/users', upstream: 'shop', access: 'user', ends: 'former-role' },
  ];
  const { ask } = await aGateway(t, [service.url], { routes, verifier });
  const headers = bearer(await sign({ roles: ['reader', 'auditor', 'admin'], iat: Math.floor(Date.now() / 1000) - 9 }));
  const statuses = async () => [
    (await ask('/reports', { headers })).status,
    (await ask('/settings', { headers })).status,
  ];
  deepStrictEqual(await statuses(), [200, 200]);
  await ask('/users', { method: 'PATCH', headers });
  deepStrictEqual(await statuses(), [403, 403]);
});

test('a key opens what it is for, and the service never sees it', async (t) => {
  const service = await aService(t);
  const apiKeys = [{ id: 'robot', sha256: sha256('secret'), scopes: ['reports:write'] }];
  const { ask } = await aGateway(t, [service.url], { routes: guarded, apiKeys });
  const withKey = async (key: string) => (await ask('/reports', { headers: { 'x-api-key': key } })).status;
  deepStrictEqual([await withKey('secret'), await withKey('secret2'), await withKey('')], [200, 401, 401]);
  strictEqual(service.seen[0]?.headers['x-api-key'], undefined);
});

const sessions: readonly Route[] = [
  { method: 'GET', path: '/me', upstream: 'shop', access: 'user' },
  { method: 'DELETE', path: '/sessions', upstream: 'shop', access: 'user', ends: 'session' },
  { method: 'PUT', path: '/password', upstream: 'shop', access: 'user', ends: 'other-sessions' },
  { method: 'POST', path: '/refresh', upstream: 'shop', access: 'public', ends: 'named-session' },
  { method: 'GET', path: '/events', upstream: 'shop', access: 'user', stream: true },
];

test('tokens of a session that has ended are refused from then on, and those of others are not', async (t) => {
  const ids = new UuidV7Ids();
  const [one, two, three] = [ids.next(), ids.next(), ids.next()];
  let meanwhile = '';
  const service = await aService(t, (request, response) => {
    if (request.url === '/password') meanwhile = ids.next();
    if (request.url !== '/refresh') return void response.end();
    response.writeHead(401, { 'ashlar-ended-session': three, 'content-type': 'application/problem+json' }).end('{}');
  });
  const { sign, verifier } = await anIssuer();
  const { ask } = await aGateway(t, [service.url], { routes: sessions, verifier });
  const call = async (path: string, sid: string, method = 'GET') =>
    (await ask(path, { method, headers: bearer(await sign({ sid })) })).status;
  deepStrictEqual(
    [await call('/me', one), await call('/sessions', one, 'DELETE'), await call('/me', one)],
    [200, 200, 401],
  );
  strictEqual(await call('/me', two), 200);
  const reused = await ask('/refresh', { method: 'POST' });
  deepStrictEqual([reused.status, reused.headers.get('ashlar-ended-session')], [401, null]);
  strictEqual(await call('/me', three), 401);
  strictEqual(await call('/password', two, 'PUT'), 200);
  strictEqual(await call('/me', meanwhile), 401, 'begun by somebody while the password was being changed');
  const answeredAtMs = Date.now();
  await eventually(() => Date.now() > answeredAtMs);
  deepStrictEqual([await call('/me', two), await call('/me', ids.next())], [200, 200]);
});

test('tokens that tell a former role stand for the one of now, and their streams end', async (t) => {
  const clock = aClock();
  const news: News[] = [];
  const service = await aService(t, (request, response) => {
    if (request.url === '/events') response.writeHead(200).write('data: 1\n\n');
    else response.writeHead(200, { 'ashlar-current-role': 'u1 customer' }).end();
  });
  const routes: readonly Route[] = [
    { method: 'GET', path: '/reports', upstream: 'shop', access: { roles: ['admin'] } },
    { method: 'PATCH', path: '/users', upstream: 'shop', access: 'user', ends: 'former-role' },
    { method: 'GET', path: '/events', upstream: 'shop', access: 'user', stream: true },
  ];
  const { sign, verifier } = await anIssuer();
  const cluster: Cluster = {
    take: async () => undefined,
    tell: (one) => void news.push(one),
    listen() {},
    close: async () => {},
  };
  const { ask } = await aGateway(t, [service.url], { routes, verifier, clock, cluster });
  const atSeconds = clock.now().getTime() / 1_000;
  const token = (iat: number | undefined, role: string, sub = 'u1') => sign({ sub, role, ...(iat && { iat }) });
  const as = async (bearerToken: string) => (await ask('/reports', { headers: bearer(bearerToken) })).status;
  const [before, ageless, other] = [
    await token(atSeconds, 'admin'),
    await token(undefined, 'admin'),
    await token(atSeconds, 'admin', 'u2'),
  ];
  deepStrictEqual([await as(before), await as(ageless), await as(other)], [200, 200, 200]);
  const told = (await ask('/events', { headers: bearer(before) })).text();
  const changed = await ask('/users', { method: 'PATCH', headers: bearer(other) });
  deepStrictEqual([changed.status, changed.headers.get('ashlar-current-role')], [200, null]);
  deepStrictEqual([await as(before), await as(ageless), await as(other)], [403, 403, 200]);
  strictEqual(await told, 'data: 1\n\n');
  strictEqual(await as(await token(atSeconds + 10, 'admin')), 200, 'made after the change');
  deepStrictEqual(news, [{ kind: 'role-changed', userId: 'u1', role: 'customer', atMs: clock.now().getTime() }]);
});

test('a stream ends with the session that has begun it, and streams of others go on', async (t) => {
  const ids = new UuidV7Ids();
  const [one, two] = [ids.next(), ids.next()];
  const service = await aService(t, (request, response) => {
    if (request.url === '/events') response.writeHead(200).write('data: 1\n\n');
    else response.end();
  });
  const { sign, verifier } = await anIssuer();
  const { ask } = await aGateway(t, [service.url], { routes: sessions, verifier });
  const told: string[] = [];
  const follow = async (sid: string) => {
    const response = await ask('/events', { headers: bearer(await sign({ sid })) });
    void response.text().then((text) => told.push(`${sid} ${text}`));
  };
  await Promise.all([follow(one), follow(two)]);
  await ask('/sessions', { method: 'DELETE', headers: bearer(await sign({ sid: one })) });
  await eventually(() => told.length > 0);
  deepStrictEqual(told, [`${one} data: 1\n\n`]);
  await ask('/password', { method: 'PUT', headers: bearer(await sign({ sid: ids.next() })) });
  await eventually(() => told.length === 2);
});

test('a stream does not begin for a session that has ended while the request was held', async (t) => {
  const service = await aService(t, (_request, response) => void response.writeHead(200).write('data: 1\n\n'));
  const { sign, verifier } = await anIssuer();
  const counted = Promise.withResolvers<undefined>();
  let isHeld = false;
  let hear: (news: News) => void = () => {};
  const cluster: Cluster = {
    take() {
      isHeld = true;
      return counted.promise;
    },
    tell() {},
    listen: (listener) => {
      hear = listener;
    },
    close: async () => {},
  };
  const { ask } = await aGateway(t, [service.url], { routes: sessions, verifier, cluster });
  const sid = new UuidV7Ids().next();
  const answer = ask('/events', { headers: bearer(await sign({ sid })) });
  await eventually(() => isHeld);
  hear({ kind: 'session-ended', sessionId: sid });
  counted.resolve(undefined);
  strictEqual((await answer).status, 503);
  deepStrictEqual(service.seen, []);
});

test('services are told the caller by a token of the gateway’s own, which is theirs to check', async (t) => {
  const clock = aClock();
  const internalTokens = new InternalTokens(clock);
  const service = await aService(t);
  const apiKeys = [{ id: 'robot', sha256: sha256('secret'), role: 'admin' }];
  const { ask } = await aGateway(t, [service.url], { internalTokens, apiKeys, clock });
  const handedOn = async (headers: Record<string, string>): Promise<string> => {
    strictEqual((await ask('/v1/users/42', { headers })).status, 200);
    return String(service.seen.at(-1)?.headers['authorization']).slice('Bearer '.length);
  };
  const verify = (token: string, jwks = internalTokens.jwks) =>
    createClaimsVerifier({
      ...INTERNAL,
      clock,
      jwks: async () => jwks as { keys: [] },
      requiredClaims: ['sub', 'role'],
      read: ({ sub, role, sid }) => [sub, role, sid],
    }).verify(token);
  const token = await handedOn(bearer('admin'));
  deepStrictEqual(await verify(token), ['root', 'admin', 's3']);
  strictEqual(await handedOn(bearer('admin')), token);
  deepStrictEqual(await verify(await handedOn({ 'x-api-key': 'secret' })), ['robot', 'admin', undefined]);
  await rejects(verify(token, new InternalTokens(clock).jwks), InvalidTokenError);
  clock.pass(31_000);
  notStrictEqual(await handedOn(bearer('admin')), token);
  clock.pass(30_000);
  await rejects(verify(token), InvalidTokenError);
});
