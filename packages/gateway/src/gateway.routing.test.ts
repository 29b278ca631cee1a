import { deepStrictEqual, ok, rejects, strictEqual, throws } from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { test } from 'node:test';
import { systemClock } from '@ashlar/domain';
import { createTelemetry } from '@ashlar/telemetry';
import { aDeadAddress, aGateway, aService, bearer, limits, problemOf, rawly, verifier } from './gateway.fixtures.ts';
import { createGateway } from './gateway.ts';
import type { Route } from './routing/route.ts';

test('an absolute address of the host that is told is that of its path', async (t) => {
  const service = await aService(t);
  const { gateway } = await aGateway(t, [service.url]);
  const asked = async (target: string) => {
    const answer = await rawly(t, gateway.url, `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    return answer.slice(9, 12);
  };
  const targets = ['http://a/v1/products?x=1', 'http://a/v1/orders/7', 'http://b/v1/products', 'http://a'];
  deepStrictEqual(await Promise.all(targets.map(asked)), ['200', '401', '400', '404']);
  deepStrictEqual(
    service.seen.map(({ url }) => url),
    ['/v1/products?x=1'],
  );
});

test('a request goes to the service of its route with path and query as they came', async (t) => {
  const service = await aService(t);
  const { ask } = await aGateway(t, [service.url]);
  const response = await ask('/v1/products/7?currency=EUR&x=%2F');
  strictEqual(response.status, 200);
  deepStrictEqual(await response.json(), {});
  strictEqual(service.seen[0]?.url, '/v1/products/7?currency=EUR&x=%2F');
});

test('an unknown path is 404 and an unknown method 405 with Allow', async (t) => {
  const { ask } = await aGateway(t, []);
  const unknown = await ask('/v1/nothing');
  strictEqual(unknown.status, 404);
  strictEqual(unknown.headers.get('content-type'), 'application/problem+json; charset=utf-8');
  const problem = await problemOf(unknown);
  deepStrictEqual([problem.code, problem.instance, problem.traceId.length], ['not_found', '/v1/nothing', 32]);

  const wrong = await ask('/v1/products', { method: 'PUT' });
  strictEqual(wrong.status, 405);
  strictEqual(wrong.headers.get('allow'), 'GET, HEAD, OPTIONS, POST');
  strictEqual((await problemOf(wrong)).code, 'method_not_allowed');
});

test('HEAD is GET without a body, and OPTIONS tells the methods', async (t) => {
  const service = await aService(t, (_request, response) => void response.setHeader('etag', '"1"').end('hello'));
  const { ask } = await aGateway(t, [service.url]);
  const head = await ask('/v1/products/7', { method: 'HEAD' });
  deepStrictEqual([head.status, head.headers.get('etag'), await head.text()], [200, '"1"', '']);
  strictEqual(service.seen[0]?.method, 'HEAD');
  const options = await ask('/v1/products', { method: 'OPTIONS' });
  deepStrictEqual([options.status, options.headers.get('allow')], [204, 'GET, HEAD, OPTIONS, POST']);
  strictEqual(service.seen.length, 1);
});

test('a route for every method takes no TRACE, whose answer would tell what only services are told', async (t) => {
  const service = await aService(t);
  const routes = [{ method: '*', path: '/*', upstream: 'shop', access: 'public' }] as const;
  const { gateway } = await aGateway(t, [service.url], { routes });
  const answer = await rawly(t, gateway.url, 'TRACE /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  ok(/^HTTP\/1\.1 405 /.test(answer), answer);
  ok(answer.includes('allow: DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT\r\n'), answer);
  strictEqual(service.seen.length, 0);
});

test('the gateway answers some calls itself, with their parameters', async (t) => {
  const local: Route = {
    method: 'GET',
    path: '/ops/sagas/:id',
    access: 'admin',
    handle: async ({ parameters, query }) => ({ status: 200, body: { ...parameters, limit: query.get('limit') } }),
  };
  const { ask } = await aGateway(t, [], { ops: [local] });
  const response = await ask('/ops/sagas/a%20b?limit=5', { headers: bearer('admin') });
  deepStrictEqual(await response.json(), { id: 'a b', limit: '5' });
  const head = await ask('/ops/sagas/a', { method: 'HEAD', headers: bearer('admin') });
  deepStrictEqual([head.status, await head.text()], [200, '']);
});

test('an error of a handler of its own tells nothing of the inside', async (t) => {
  const handle = async (): Promise<never> => {
    throw new Error('password of db-7.internal is wrong');
  };
  const { ask } = await aGateway(t, [], { ops: [{ method: 'GET', path: '/x', access: 'public', handle }] });
  const response = await ask('/x');
  const text = await response.text();
  strictEqual(response.status, 500);
  strictEqual(JSON.parse(text).code, 'internal');
  strictEqual(text.includes('db-7'), false);
});

test('a route without a policy keeps the gateway from starting', () => {
  const forgotten = { method: 'GET', path: '/v1/a', upstream: 'shop' } as unknown as Route;
  const options = { upstreams: [{ name: 'shop', replicas: () => [] }], verifier, limits, clock: systemClock };
  const telemetry = createTelemetry({ service: 'gateway', logLevel: 'silent' });
  throws(() => createGateway({ ...options, telemetry, routes: [forgotten], ready: () => true }), /no access policy/);
});

test('the probes tell their status and nothing more', async (t) => {
  let isReady = false;
  const { ask } = await aGateway(t, [], { ready: () => isReady });
  const live = await ask('/livez');
  deepStrictEqual([live.status, await live.json()], [200, { status: 'ok' }]);
  strictEqual((await ask('/readyz')).status, 503);
  isReady = true;
  const ready = await ask('/readyz');
  deepStrictEqual([ready.status, await ready.json()], [200, { status: 'ok' }]);
  strictEqual((await ask('/readyz', { method: 'POST' })).status, 405);
});

test('metrics are told on a port of their own, by route and not by path', async (t) => {
  const service = await aService(t);
  const { ask, gateway } = await aGateway(t, [service.url]);
  await (await ask('/v1/products/7')).text();
  await (await ask('/v1/nothing/7')).text();
  const text = await (await fetch(gateway.metricsUrl)).text();
  strictEqual(text.includes('gateway_requests_total{route="/v1/products/:id",method="GET",status="200"} 1'), true);
  strictEqual(text.includes('gateway_requests_total{route="unmatched",method="any",status="404"} 1'), true);
  strictEqual((await ask('/metrics')).status, 404);
});

test('metrics are told where the gateway is told to, and a port that is taken is an error', async (t) => {
  const metricsAddress = { host: '127.0.0.2', port: Number(new URL(await aDeadAddress(t)).port) };
  const { gateway } = await aGateway(t, [], { metricsAddress });
  strictEqual(gateway.metricsUrl, `http://127.0.0.2:${metricsAddress.port}/metrics`);
  strictEqual((await fetch(gateway.metricsUrl)).status, 200);
  await rejects(aGateway(t, [], { metricsAddress }), /EADDRINUSE/);
});

test('versions of a call go to services of their own, and no cache mixes them up', async (t) => {
  let count = 0;
  const answersAs = (name: string) => (_request: IncomingMessage, response: ServerResponse) =>
    void response.writeHead(200, { 'cache-control': 'max-age=600' }).end(`${name} ${++count}`);
  const [first, second] = [await aService(t, answersAs('first')), await aService(t, answersAs('second'))];
  const call = { path: '/prices', access: 'public', cache: true } as const;
  const version = { header: 'X-Api-Version', is: '2' };
  const versioned: readonly Route[] = [
    { ...call, method: 'GET', upstream: 'first' },
    { ...call, method: 'GET', upstream: 'second', version },
    { ...call, method: 'PUT', upstream: 'first', body: 'any' },
  ];
  const upstreams = Object.entries({ first, second }).map(([name, { url }]) => ({ name, replicas: () => [url] }));
  const { ask } = await aGateway(t, [], { routes: versioned, upstreams, limits: { default: [] } });
  const told = async (headers: Record<string, string> = {}) => (await ask('/prices', { headers })).text();
  const second2 = { 'x-api-version': '2' };
  deepStrictEqual(
    [await told(), await told(second2), await told(), await told(second2)],
    ['first 1', 'second 2', 'first 1', 'second 2'],
  );
  strictEqual((await ask('/prices')).headers.get('vary'), 'x-api-version');
  strictEqual((await ask('/prices', { method: 'PUT', body: 'x' })).status, 200);
  deepStrictEqual([await told(), await told(second2)], ['first 4', 'second 5']);
  const unknown = await ask('/prices', { headers: { 'x-api-version': '3' } });
  deepStrictEqual([unknown.status, (await problemOf(unknown)).code], [406, 'unknown_version']);
  strictEqual((await ask('/prices', { method: 'DELETE' })).status, 405);
});
