import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { request } from 'node:http';
import { json } from 'node:stream/consumers';
import { test } from 'node:test';
import { aDeadAddress, aGateway, aService, eventually, problemOf } from './gateway.fixtures.ts';
import type { Route } from './routing/route.ts';

const open = { limits: { default: [] } } as const;

test('several services answer as one, and one that may be missing is null', async (t) => {
  const product = await aService(t, (asked, response) => {
    const status = asked.url === '/products/7' ? 200 : 404;
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ at: asked.url }));
  });
  const stock = await aService(t, (asked, response) => void response.end(JSON.stringify({ of: asked.url })));
  let stockUrl = stock.url;
  const joins = (isOptional: boolean) => ({
    as: 'product',
    parts: { stock: { upstream: 'stock', path: '/stock/:id', isOptional } },
  });
  const common = { method: 'GET', upstream: 'product', access: 'public', rewrite: '/products/:id' } as const;
  const routes: readonly Route[] = [
    { ...common, path: '/full/:id', joins: joins(true) },
    { ...common, path: '/whole/:id', joins: joins(false) },
  ];
  const upstreams = [
    { name: 'product', replicas: () => [product.url] },
    { name: 'stock', replicas: () => [stockUrl] },
  ];
  const { ask } = await aGateway(t, [], { ...open, routes, upstreams });
  const body = { product: { at: '/products/7' }, stock: { of: '/stock/7' } };
  deepStrictEqual(await (await ask('/full/7', { headers: { 'if-none-match': '*' } })).json(), body);
  strictEqual((await ask('/full/8')).status, 404);
  stockUrl = await aDeadAddress(t);
  deepStrictEqual(await (await ask('/full/7')).json(), { ...body, stock: null });
  strictEqual((await problemOf(await ask('/whole/7'))).code, 'upstream_unavailable');
});

test('no part goes on when the client has left, or when one that must be there is missing', async (t) => {
  let under = 0;
  const slow = await aService(t, (_asked, response) => {
    under += 1;
    response.once('close', () => void under--);
  });
  const without = await aService(t, async (_asked, response) => {
    await eventually(() => under === 1);
    response.writeHead(404).end('{}');
  });
  const joins = (upstream: string) => ({ as: 'product', parts: { stock: { upstream, path: '/stock' } } });
  const common = { method: 'GET', upstream: 'slow', access: 'public' } as const;
  const routes: readonly Route[] = [
    { ...common, path: '/left', joins: joins('slow') },
    { ...common, path: '/missing', joins: joins('without') },
  ];
  const upstreams = [
    { name: 'slow', replicas: () => [slow.url] },
    { name: 'without', replicas: () => [without.url] },
  ];
  const { ask } = await aGateway(t, [], { ...open, routes, upstreams });
  const leaving = new AbortController();
  const left = ask('/left', { signal: leaving.signal });
  await eventually(() => under === 2);
  leaving.abort();
  await rejects(left);
  await eventually(() => under === 0);
  strictEqual((await ask('/missing')).status, 502);
  await eventually(() => under === 0);
});

test('a fallback is told while the service is away, and not in place of what it refuses', async (t) => {
  const service = await aService(t, (_request, response) => void response.writeHead(404).end('{}'));
  let url = service.url;
  const routes: readonly Route[] = [
    { method: 'GET', path: '/tips', upstream: 'shop', access: 'public', fallback: { body: { items: [] } } },
  ];
  const { ask } = await aGateway(t, [], { ...open, routes, upstreams: [{ name: 'shop', replicas: () => [url] }] });
  strictEqual((await ask('/tips')).status, 404);
  url = await aDeadAddress(t);
  const answer = await ask('/tips');
  deepStrictEqual([answer.status, answer.headers.get('cache-control')], [200, 'no-store']);
  deepStrictEqual(await answer.json(), { items: [] });
});

test('JSON is changed on its way to the service and back', async (t) => {
  const service = await aService(t, (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('[{"a":1,"b":2,"c":3}]');
  });
  const shape = { remove: ['a'], rename: { b: 'bee' }, set: { d: 4 } };
  const routes: readonly Route[] = [
    {
      method: 'POST',
      path: '/x',
      upstream: 'shop',
      access: 'public',
      request: { body: shape },
      response: { body: shape },
    },
  ];
  const { sendJson } = await aGateway(t, [service.url], { ...open, routes });
  deepStrictEqual(await (await sendJson('/x', { a: 1, b: 2, c: 3 })).json(), [{ bee: 2, c: 3, d: 4 }]);
  deepStrictEqual(JSON.parse(service.seen[0]!.body), { bee: 2, c: 3, d: 4 });
});

test('a host has routes of its own, and those of all hosts beside them', async (t) => {
  const local = (host: string | undefined, path = '/'): Route => ({
    method: 'GET',
    path,
    access: 'public',
    ...(host !== undefined && { host }),
    handle: async () => ({ status: 200, body: host ?? 'all' }),
  });
  const routes = [local(undefined), local(undefined, '/more'), local('api.example'), local('*.shop.example')];
  const { gateway } = await aGateway(t, [], { ...open, routes });
  const told = (host: string, path = '/') =>
    new Promise((resolve, reject) =>
      request(gateway.url + path, { headers: { host } }, (answer) => json(answer).then(resolve, reject)).end(),
    );
  deepStrictEqual(
    await Promise.all(
      ['API.example:8080', 'a.b.shop.example', 'shop.example', 'xapi.example'].map((host) => told(host)),
    ),
    ['api.example', '*.shop.example', 'all', 'all'],
  );
  strictEqual(await told('api.example', '/more'), 'all');
});
