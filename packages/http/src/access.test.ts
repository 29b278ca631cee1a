import { match, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { aServer, by } from './server.fixtures.ts';

const server = await aServer(async (http) => {
  http.get('/open', { config: { access: 'public' } }, async (request) => ({
    who: request.callerIfAny?.id ?? 'nobody',
  }));
  http.get('/strict', { config: { access: 'public' } }, async (request) => ({ who: request.caller.id }));
  http.get('/mine', { config: { access: 'user' } }, async (request) => ({ who: request.caller.id }));
  http.get('/admin', { config: { access: 'admin' } }, async (request) => ({ who: request.caller.id }));
});

test('a route that does not say who may call it is refused when it is registered', async () => {
  await rejects(
    aServer(async (http) => {
      http.get('/forgotten', async () => 'secret');
    }),
    /GET \/forgotten does not say who may call it/,
  );
});

test('a protected route wants a token, and says so', async () => {
  const response = await server.inject({ url: '/mine' });
  strictEqual(response.statusCode, 401);
  strictEqual(response.json().code, 'unauthenticated');
  strictEqual(response.headers['www-authenticate'], 'Bearer realm="ashlar"');
});

test('a bad token is no token on a protected route', async () => {
  const response = await server.inject({ url: '/mine', headers: { authorization: 'Bearer forged' } });
  strictEqual(response.statusCode, 401);
  match(String(response.headers['www-authenticate']), /error="invalid_token"/);
});

test('a user gets what is for users, and not what is for administrators', async () => {
  strictEqual((await server.inject({ url: '/mine', headers: by('alice') })).json().who, 'alice');
  const refused = await server.inject({ url: '/admin', headers: by('alice') });
  strictEqual(refused.statusCode, 403);
  strictEqual(refused.json().code, 'forbidden');
  strictEqual((await server.inject({ url: '/admin', headers: by('admin') })).json().who, 'root');
});

test('a public route knows the owner of a valid token, and takes anyone else as nobody', async () => {
  strictEqual((await server.inject({ url: '/open', headers: by('alice') })).json().who, 'alice');
  strictEqual((await server.inject({ url: '/open' })).json().who, 'nobody');
  strictEqual(
    (await server.inject({ url: '/open', headers: { authorization: 'Bearer forged' } })).json().who,
    'nobody',
  );
  strictEqual((await server.inject({ url: '/strict' })).statusCode, 401);
});

test('tokens that cannot be checked now are no reason to sign someone out', async () => {
  const verifier = { verify: () => Promise.reject(new Error('connect ECONNREFUSED 10.0.0.7')) };
  const cut = await aServer(
    async (http) => {
      http.get('/mine', { config: { access: 'user' } }, async () => 'mine');
    },
    { verifier },
  );
  const response = await cut.inject({ url: '/mine', headers: by('alice') });
  strictEqual(response.statusCode, 503);
  strictEqual(response.json().code, 'unavailable');
  strictEqual(response.body.includes('10.0.0.7'), false);
});
