import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { aGateway, aService, rawly } from './gateway.fixtures.ts';
import type { Route } from './routing/route.ts';

const toShop = { method: 'GET', upstream: 'shop', access: 'public' } as const;
const joins = { as: 'main', parts: { other: { upstream: 'shop', path: '/part/:id' } } };
const routes: readonly Route[] = [
  { ...toShop, path: '/files/*', rewrite: '/in/*' },
  { ...toShop, path: '/one/:id', rewrite: '/in/:id/view' },
  { ...toShop, path: '/both/:id', joins },
];

/** What is encoded in a path, and would be something else in the service's if it were not. */
const DELICATE = [
  'a%3Fadmin=true',
  'a%23b',
  'a%20HTTP%2F1.1'.replace('%2F', '/'),
  'a%25',
  'a%252e%252e',
  'a%22b',
  'a%3Bb',
  '%E2%82%AC',
  // Their lowest bytes are CR and LF.
  'a%C4%8D%C4%8Ahost:%20b%C4%8D%C4%8A%C4%8D%C4%8AGET%20/secret',
  'a:b@c;d,e',
];

test('what is encoded in a path stays encoded in the path that the service gets', async (t) => {
  const service = await aService(t);
  const { ask } = await aGateway(t, [service.url], { routes, limits: { default: [] } });
  for (const delicate of DELICATE) {
    strictEqual((await ask(`/files/x/${delicate}`)).status, 200, delicate);
    strictEqual(service.seen.at(-1)?.url, `/in/x/${delicate}`);
    if (delicate.includes('/')) continue;
    strictEqual((await ask(`/one/${delicate}`)).status, 200, delicate);
    strictEqual(service.seen.at(-1)?.url, `/in/${delicate}/view`);
    strictEqual((await ask(`/both/${delicate}`)).status, 200, delicate);
    deepStrictEqual(
      service.seen
        .slice(-2)
        .map(({ url }) => url)
        .sort(),
      [`/both/${delicate}`, `/part/${delicate}`],
    );
  }
  strictEqual(
    service.seen.some(({ url }) => url.startsWith('/secret')),
    false,
  );
});

test('what a route sets reaches the service, whatever the client names for its connection only', async (t) => {
  const service = await aService(t);
  const request = { headers: { set: { 'x-tenant': 't1', cookie: 'from=gateway', 'x-user-id': 'nobody' } } };
  const { gateway } = await aGateway(t, [service.url], {
    routes: [{ ...toShop, path: '/a', request }],
    limits: { default: [] },
  });
  const named = 'close, x-tenant, cookie, x-user-id, x-own';
  const lines = ['GET /a HTTP/1.1', 'Host: a', 'X-Tenant: t2', 'X-Own: 1', `Connection: ${named}`, '\r\n'];
  await rawly(t, gateway.url, lines.join('\r\n'));
  const { headers } = service.seen[0]!;
  deepStrictEqual(
    [headers['x-tenant'], headers.cookie, headers['x-user-id'], headers['x-own']],
    ['t1', 'from=gateway', 'nobody', undefined],
  );
});
