import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { routes, serviceNames } from './routes.ts';
import { aService, aShop } from './shop.fixtures.ts';

const callsWith = (access: string) =>
  routes.filter((route) => route.access === access).map(({ method, path }) => `${method} ${path}`);

test('what is public is told here, and nothing else is', () => {
  deepStrictEqual(callsWith('public'), [
    'POST /v1/users',
    'POST /v1/sessions',
    'POST /v1/sessions/refresh',
    'GET /.well-known/jwks.json',
    'GET /v1/products',
    'GET /v1/products/:id',
    'GET /v1/inventory/:productId',
  ]);
});

test('what is for administrators is told here, and nothing else is', () => {
  deepStrictEqual(callsWith('admin'), [
    'GET /v1/users',
    'PATCH /v1/users/:id',
    'POST /v1/products',
    'PATCH /v1/products/:id',
    'DELETE /v1/products/:id',
    'POST /v1/inventory/:productId/adjustments',
    'POST /v1/shipments/:id/dispatch',
    'POST /v1/shipments/:id/delivery',
  ]);
});

test('everything else is for users who have signed in', () => {
  const others = routes.filter(({ access }) => access !== 'public' && access !== 'admin');
  deepStrictEqual(
    others.filter(({ access }) => access !== 'user').map(({ method, path }) => `${method} ${path}`),
    [],
  );
  ok(others.length > 15, `${others.length} calls`);
});

test('each call reaches its service, and no other one', async (t) => {
  const services = await Promise.all(
    serviceNames.map(async (name) => [name, await aService(t, { 'GET /readyz': { status: 'ready' } })] as const),
  );
  const urls = Object.fromEntries(services.map(([name, { url }]) => [name, url]));
  const { asAdmin, ask } = await aShop(t, urls, { rateLimitFactor: 100 });
  for (const { seen } of services.map(([, service]) => service)) seen.length = 0;
  for (const { method, path, upstream } of routes) {
    const call = `${method} ${path.replaceAll(/:\w+/g, '7')}`;
    strictEqual((await asAdmin(call, method === 'GET' || method === 'DELETE' ? undefined : {})).status, 404, call);
    for (const [name, { seen }] of services) deepStrictEqual(seen.splice(0), name === upstream ? [call] : [], call);
  }
  strictEqual((await ask('/v1/orders')).status, 401);
});

test('sign-in and sign-up have the limits of the contract, multiplied except for the e-mail address', async (t) => {
  const user = await aService(t, { 'POST /v1/users': {}, 'POST /v1/sessions': {}, 'POST /v1/sessions/refresh': {} });
  const { ask } = await aShop(t, { user: user.url }, { rateLimitFactor: 2 });
  const policyOf = async (path: string) => {
    const headers = { 'content-type': 'application/json' };
    const response = await ask(path, { method: 'POST', body: '{"email":"a@b.c"}', headers });
    return response.headers.get('ratelimit-policy');
  };
  strictEqual(await policyOf('/v1/users'), '"sign-up";q=600;w=60');
  strictEqual(await policyOf('/v1/sessions'), '"sign-in";q=600;w=60, "e-mail";q=10;w=60');
  strictEqual(await policyOf('/v1/sessions/refresh'), '"default";q=800;w=2');
});
