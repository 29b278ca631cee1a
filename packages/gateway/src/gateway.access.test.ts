import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { aGateway, aService, bearer, problemOf } from './gateway.fixtures.ts';

test('a protected route is closed without a token, and the answer says how to open it', async (t) => {
  const { ask } = await aGateway(t, []);
  const without = await ask('/v1/orders/7');
  deepStrictEqual([without.status, without.headers.get('www-authenticate')], [401, 'Bearer realm="ashlar"']);
  const bad = await ask('/v1/orders/7', { headers: bearer('forged') });
  deepStrictEqual(
    [bad.status, bad.headers.get('www-authenticate')],
    [401, 'Bearer realm="ashlar", error="invalid_token"'],
  );
  strictEqual((await problemOf(bad)).code, 'unauthenticated');
  strictEqual((await ask('/v1/orders/7', { headers: { authorization: 'Basic YWxpY2U6eA==' } })).status, 401);
});

test('a customer may not do what is for administrators', async (t) => {
  const service = await aService(t);
  const { sendJson } = await aGateway(t, [service.url]);
  const refused = await sendJson('/v1/products', {}, bearer('alice'));
  deepStrictEqual([refused.status, (await problemOf(refused)).code], [403, 'forbidden']);
  strictEqual((await sendJson('/v1/products', {}, bearer('admin'))).status, 200);
  strictEqual(service.seen.length, 1);
});

test('the token is passed on, since services verify it again', async (t) => {
  const service = await aService(t);
  const { ask } = await aGateway(t, [service.url]);
  await ask('/v1/orders/7', { headers: { authorization: 'bearer  alice' } });
  strictEqual(service.seen[0]?.headers.authorization, 'Bearer alice');
});

test('a bad token on a public route makes a stranger of the caller', async (t) => {
  const service = await aService(t);
  const { ask } = await aGateway(t, [service.url]);
  strictEqual((await ask('/v1/products', { headers: bearer('forged') })).status, 200);
  strictEqual(service.seen[0]?.headers.authorization, undefined);
});

test('while tokens cannot be verified, what is public goes on and what is protected is away', async (t) => {
  const service = await aService(t);
  const { ask } = await aGateway(t, [service.url]);
  strictEqual((await ask('/v1/products', { headers: bearer('away') })).status, 200);
  const refused = await ask('/v1/orders/7', { headers: bearer('away') });
  deepStrictEqual([refused.status, refused.headers.get('retry-after')], [503, '1']);
});

test('everything under /ops/ is refused before it is looked up, known path or not', async (t) => {
  const handle = async () => ({ status: 200, body: {} });
  const { ask } = await aGateway(t, [], { ops: [{ method: 'GET', path: '/ops/sagas', access: 'admin', handle }] });
  for (const path of ['/ops/sagas', '/ops/unknown', '/ops/', '/%6fps/sagas']) {
    strictEqual((await ask(path)).status, 401, path);
    strictEqual((await ask(path, { method: 'OPTIONS' })).status, 401, path);
    strictEqual((await ask(path, { method: 'DELETE', headers: bearer('alice') })).status, 403, path);
  }
  strictEqual((await ask('/ops/unknown', { headers: bearer('admin') })).status, 404);
  strictEqual((await ask('/ops/sagas', { headers: bearer('admin') })).status, 200);
  strictEqual((await ask('/ops/sagas', { method: 'DELETE', headers: bearer('admin') })).status, 405);
});

test('an encoded letter does not open the door of another route', async (t) => {
  const service = await aService(t);
  const { ask } = await aGateway(t, [service.url]);
  strictEqual((await ask('/v1/users/%6de', { headers: bearer('alice') })).status, 200);
  strictEqual(service.seen[0]?.url, '/v1/users/me');
  strictEqual((await ask('/v1/users/%6de/', { headers: bearer('alice') })).status, 404);
  strictEqual((await ask('/v1/users/you', { headers: bearer('alice') })).status, 403);
});
