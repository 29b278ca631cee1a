import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { aDeadAddress, aGateway, aService, bearer, eventually, rawly, routes } from './gateway.fixtures.ts';
import type { Route } from './routing/route.ts';
import { ReplicaHealth } from './upstream/replica-health.ts';

const route = (more: Partial<Route> = {}): readonly Route[] => [
  { method: 'GET', path: '/a', upstream: 'shop', access: 'public', ...more } as Route,
];

test('pages of other sites may call where a policy says so, and a refusal tells them as well', async (t) => {
  const service = await aService(t);
  const cors = { origins: ['https://shop.example'], credentials: true };
  const { ask } = await aGateway(t, [service.url], { routes: route({ cors, access: 'user' }) });
  const from = (origin: string, method = 'GET', headers = {}) => ask('/a', { method, headers: { origin, ...headers } });
  const told = async (response: Response) => [
    response.status,
    response.headers.get('access-control-allow-origin'),
    response.headers.get('access-control-allow-credentials'),
  ];
  const preflight = { 'access-control-request-method': 'GET' };
  deepStrictEqual(await told(await from('https://shop.example', 'OPTIONS', preflight)), [
    204,
    'https://shop.example',
    'true',
  ]);
  deepStrictEqual(await told(await from('https://shop.example')), [401, 'https://shop.example', 'true']);
  deepStrictEqual(await told(await from('https://evil.example')), [401, null, null]);
  const mixed = { origins: ['*', 'https://shop.example'], credentials: true };
  const anywhere = await aGateway(t, [service.url], { routes: route({ cors: mixed }) });
  const open = await anywhere.ask('/a', { headers: { origin: 'https://evil.example' } });
  deepStrictEqual(await told(open), [200, '*', null]);
});

test('what is told without an Origin says that it goes by one, for the caches on the way', async (t) => {
  const service = await aService(t);
  const { gateway } = await aGateway(t, [service.url], {
    routes: route({ cors: { origins: ['https://shop.example'] } }),
  });
  const answer = await rawly(t, gateway.url, 'GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  match(answer, /\r\nvary: origin\r\n/);
});

test('a long text is compressed for those who can read it, and nothing else is', async (t) => {
  const text = JSON.stringify({ text: 'so it goes on '.repeat(500) });
  const service = await aService(t, (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', etag: '"7"' }).end(text);
  });
  const { gateway } = await aGateway(t, [service.url], { routes: route({ compress: true }) });
  const answer = async (accept: string) => {
    const head = `GET /a HTTP/1.0\r\nHost: a\r\nAccept-Encoding: ${accept}\r\n\r\n`;
    const [fields = '', ...rest] = (await rawly(t, gateway.url, head)).split('\r\n\r\n');
    return { fields, body: Buffer.from(rest.join('\r\n\r\n'), 'latin1') };
  };
  const br = await answer('gzip, br');
  ok(
    /content-encoding: br/.test(br.fields) && /etag: W\/"7"/.test(br.fields) && /vary: accept-encoding/.test(br.fields),
  );
  strictEqual(brotliDecompressSync(br.body).toString(), text);
  strictEqual(gunzipSync((await answer('br;q=0, gzip')).body).toString(), text);
  const plain = await answer('identity');
  ok(!/content-encoding/.test(plain.fields) && plain.body.toString() === text);
});

test('past the bound of requests under way the next is refused at once, and one that ends makes room', async (t) => {
  const { promise: may, resolve: finish } = Promise.withResolvers<void>();
  const service = await aService(t, async (_request, response) => {
    await may;
    response.end('done');
  });
  const { ask } = await aGateway(t, [service.url], { routes: route(), maxConcurrent: 2 });
  const running = [ask('/a'), ask('/a')];
  await eventually(() => service.seen.length === 2);
  const refused = await ask('/a');
  deepStrictEqual([refused.status, refused.headers.get('retry-after')], [503, '1']);
  finish();
  for (const response of await Promise.all(running)) strictEqual(await response.text(), 'done');
  strictEqual((await ask('/a')).status, 200);
});

test('a replica that fails again and again is left alone, longer each time, but never more than half', () => {
  let now = 0;
  const origins = ['a', 'b', 'c', 'd'];
  const health = new ReplicaHealth(
    { failures: 2, ejectMs: 100 },
    () => origins,
    () => now,
  );
  const fail = (origin: string) => {
    health.failed(origin);
    health.failed(origin);
  };
  fail('a');
  deepStrictEqual(health.fit(origins), ['b', 'c', 'd']);
  now = 100;
  deepStrictEqual(health.fit(origins), origins);
  fail('a');
  now = 250;
  deepStrictEqual(health.fit(origins), ['b', 'c', 'd']);
  fail('b');
  fail('c');
  deepStrictEqual(health.fit(origins), ['c', 'd']);
  deepStrictEqual(health.fit(['a']), ['a']);
  now = 10_000;
  health.succeeded('a');
  fail('a');
  now = 10_101;
  deepStrictEqual(health.fit(origins), origins);
});

test('a replica that does not say that it is well is not called until it does', async (t) => {
  let isWell = false;
  const service = await aService(t, (_request, response) => void response.writeHead(isWell ? 200 : 503).end());
  const other = await aService(t);
  const health = new ReplicaHealth({ path: '/readyz', intervalMs: 60_000 }, () => [service.url, other.url]);
  t.after(() => health.close());
  await health.probe();
  deepStrictEqual(health.fit([service.url, other.url]), [other.url]);
  isWell = true;
  await health.probe();
  deepStrictEqual(health.fit([service.url, other.url]), [service.url, other.url]);
});

test('a replica that lives and cannot say whether it is well is no silent one', async (t) => {
  const busy = await aService(t, ({ url }, response) => void (url === '/livez' && response.end()));
  const other = await aService(t);
  const origins = [busy.url, other.url];
  const health = new ReplicaHealth({ path: '/readyz', alivePath: '/livez', intervalMs: 60_000 }, () => origins);
  t.after(() => health.close());
  const silent: string[] = [];
  health.onSilence = (origin) => void silent.push(origin);
  for (let round = 0; round < 2; round++) await health.probe();
  deepStrictEqual([health.fit(origins), silent], [[other.url], []]);
  busy.close();
  for (let round = 0; round < 2; round++) await health.probe();
  deepStrictEqual(silent, [busy.url]);
});

test('what waits for a replica of which nothing is heard goes to another, where that is safe', async (t) => {
  let isStill = false;
  const still = await aService(t, ({ url }, response) => {
    if (isStill) return;
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    if (url === '/readyz') response.end();
  });
  const other = await aService(t);
  const ready = [still.url];
  const health = { path: '/readyz', intervalMs: 20 };
  const upstreams = [{ name: 'shop', replicas: () => ready, health }];
  // Whatever is answered here is not answered because its time is over.
  const patient = routes.map((one) => ({ ...one, timeoutMs: 300_000 }));
  const { ask, sendJson } = await aGateway(t, [], { upstreams, routes: patient });
  const keyed = { ...bearer('alice'), 'idempotency-key': 'k1' };
  const stream = await ask('/v1/orders/7/events', { headers: bearer('alice') });
  const seen = ({ seen: all }: typeof still) => all.map(({ url }) => url).filter((url) => url !== '/readyz');
  isStill = true;
  const staying = [sendJson('/v1/sessions', {}, keyed), sendJson('/v1/orders', {}, bearer('alice'))];
  const moving = [ask('/v1/products'), sendJson('/v1/orders', {}, keyed)];
  await eventually(() => seen(still).length === 5);
  ready.push(other.url);
  for (const answer of await Promise.all(moving)) strictEqual(answer.status, 200);
  strictEqual(await stream.text(), '', 'an endless answer ends, so that its reader comes back');
  deepStrictEqual(seen(other).sort(), ['/v1/orders', '/v1/products']);
  const moved = other.seen.filter(({ headers }) => headers['x-ashlar-repeated'] === '1');
  strictEqual(moved.length, 2, 'the service is told that the first one may still run');
  const told: number[] = [];
  for (const one of staying) void one.then(({ status }) => told.push(status));
  await eventually(() => told.length === 2);
  deepStrictEqual(told, [504, 504], 'nobody waits for ever');
  deepStrictEqual(seen(other).length, 2, 'what is done once is sent once');
});

test('what only reads leaves a replica at the first doubt, and nothing else does', async (t) => {
  let isStill = false;
  const still = await aService(t, (_request, response) => void (isStill || response.end()));
  const busy = await aService(t, ({ url }, response) => void (url === '/livez' && response.end()));
  const other = await aService(t);
  // Nobody asks how they are but those who doubt.
  const health = { path: '/readyz', alivePath: '/livez', intervalMs: 60_000 };
  const ready = [still.url];
  const { ask, sendJson } = await aGateway(t, [], { upstreams: [{ name: 'shop', replicas: () => ready, health }] });
  isStill = true;
  const keyed = { ...bearer('alice'), 'idempotency-key': 'k1' };
  const [reading, writing] = [ask('/v1/products'), sendJson('/v1/orders', {}, keyed)];
  await eventually(() => still.seen.length === 2);
  ready.push(other.url);
  strictEqual((await reading).status, 200);
  const asked = ({ seen }: typeof still) => seen.map(({ url }) => url).filter((url) => url !== '/livez');
  deepStrictEqual(asked(other), ['/v1/products']);
  ready.splice(0, 2, busy.url);
  const waiting = ask('/v1/products/7');
  await eventually(() => asked(busy).length === 1);
  ready.push(other.url);
  await eventually(() => busy.seen.filter(({ url }) => url === '/livez').length > 1);
  deepStrictEqual(asked(other), ['/v1/products'], 'one that lives is waited for');
  busy.close();
  still.close();
  await Promise.all([waiting, writing]);
});

test('a service whose calls fail is left alone for a while, and a stored answer stands in', async (t) => {
  const dead = await aDeadAddress(t);
  const service = await aService(t, (_request, response) => {
    response.writeHead(200, { 'cache-control': 'max-age=0, stale-if-error=60' }).end('stored');
  });
  let origin = service.url;
  const breaker = { errorRate: 0.5, volume: 3, windowMs: 10_000, openMs: 60_000 };
  const upstreams = [{ name: 'shop', replicas: () => [origin], breaker }];
  const routes = [...route({ cache: true }), ...route({ path: '/b' })];
  const { ask, gateway } = await aGateway(t, [], { upstreams, routes });
  const tells = async (state: string) =>
    (await (await fetch(gateway.metricsUrl)).text()).includes(
      `circuit_breaker_state{breaker="shop",state="${state}"} 1`,
    );
  strictEqual(await (await ask('/a')).text(), 'stored');
  strictEqual(await tells('closed'), true);
  origin = dead;
  for (let count = 0; count < 6; count++) strictEqual((await ask('/b')).status, 503);
  origin = service.url;
  strictEqual((await ask('/b')).status, 503);
  deepStrictEqual([await tells('closed'), await tells('open')], [false, true]);
  strictEqual(await (await ask('/a')).text(), 'stored');
  strictEqual(service.seen.length, 1);
});

test('the service sees the request as its route says, and the client the answer', async (t) => {
  const service = await aService(t, (_request, response) => {
    const items = [{ id: 1, secret: 2, name: { first: 'a', last: 'b' } }];
    response
      .writeHead(200, { 'content-type': 'application/json', 'x-inner': '1' })
      .end(JSON.stringify({ items, cost: 3 }));
  });
  const routes = route({
    path: '/a/:id',
    rewrite: '/internal/:id/view',
    request: { headers: { set: { 'x-tenant': 't1' }, remove: ['x-debug'] }, query: { set: { v: '2' }, remove: ['q'] } },
    response: { headers: { remove: ['x-inner'], set: { 'x-outer': '1' } }, fields: ['items.id', 'items.name.first'] },
  });
  const { ask } = await aGateway(t, [service.url], { routes });
  const response = await ask('/a/x%20y?q=1&z=3', { headers: { 'x-debug': '1' } });
  const [seen] = service.seen;
  deepStrictEqual(
    [seen?.url, seen?.headers['x-tenant'], seen?.headers['x-debug']],
    ['/internal/x%20y/view?z=3&v=2', 't1', undefined],
  );
  deepStrictEqual([response.headers.get('x-inner'), response.headers.get('x-outer')], [null, '1']);
  deepStrictEqual(await response.json(), { items: [{ id: 1, name: { first: 'a' } }] });
});
