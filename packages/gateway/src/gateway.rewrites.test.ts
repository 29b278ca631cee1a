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

/** Beyond what a number of JavaScript can tell, in every way there is. */
const EXACT =
  '{"id":9007199254740993,"ids":[12345678901234567890],"rate":0.12345678901234567891,"most":1e400,"zero":-0,"n":1}';

test('numbers come out of a change as they went in, however long they are', async (t) => {
  const service = await aService(t, (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(EXACT);
  });
  const bodies: readonly Route[] = [
    { ...toShop, method: 'POST', path: '/in', request: { body: { set: { by: 'us' } } } },
    { ...toShop, path: '/out', response: { body: { remove: ['n'] } } },
    { ...toShop, path: '/fields', response: { fields: ['id', 'ids', 'most'] } },
    { ...toShop, path: '/both/:id', joins: { as: 'main', parts: { other: { upstream: 'shop', path: '/part/:id' } } } },
  ];
  const { ask } = await aGateway(t, [service.url], { routes: bodies, limits: { default: [] } });
  const headers = { 'content-type': 'application/json' };
  await ask('/in', { method: 'POST', headers, body: EXACT });
  strictEqual(service.seen[0]?.body, EXACT.replace(/}$/, ',"by":"us"}'));
  strictEqual(await (await ask('/out')).text(), EXACT.replace(',"n":1', ''));
  strictEqual(await (await ask('/fields')).text(), '{"id":9007199254740993,"ids":[12345678901234567890],"most":1e400}');
  strictEqual(await (await ask('/both/7')).text(), `{"main":${EXACT},"other":${EXACT}}`);
});

test('a body that is nested too deeply to be changed is the fault of its client', async (t) => {
  const service = await aService(t);
  const body = { set: { by: 'us' } };
  const { ask } = await aGateway(t, [service.url], {
    routes: [{ ...toShop, method: 'POST', path: '/in', request: { body } }],
    limits: { default: [] },
  });
  const headers = { 'content-type': 'application/json' };
  for (const deep of [
    '['.repeat(100_000) + ']'.repeat(100_000),
    `${'{"a":'.repeat(100_000)}1e2${'}'.repeat(100_000)}`,
  ]) {
    const answer = await ask('/in', { method: 'POST', headers, body: deep });
    deepStrictEqual([answer.status, ((await answer.json()) as { code: string }).code], [400, 'malformed_json']);
  }
  strictEqual(service.seen.length, 0);
});
