import { deepStrictEqual, match, notStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { createTelemetry, currentContext, type TraceContext } from '@ashlar/telemetry';
import { aDeadAddress, aGateway, aService, bearer, problemOf, rawly, verifier } from './gateway.fixtures.ts';
import type { GatewayOptions } from './gateway.ts';
import type { LocalRoute } from './routing/route.ts';

const get = (path: string, ...lines: string[]): string =>
  `GET ${path} HTTP/1.1\r\nHost: shop.example\r\n${lines.map((line) => `${line}\r\n`).join('')}`;
const last = (request: string): string => `${request}Connection: close\r\n\r\n`;

const FORGED = {
  'x-forwarded-for': '6.6.6.6',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'evil.example',
  'x-forwarded-port': '1',
  forwarded: 'for=6.6.6.6',
  'x-real-ip': '6.6.6.6',
  'x-user-id': 'root',
  'x-user-role': 'admin',
  'x-auth-request-user': 'root',
  'x-internal-call': '1',
  'x-roles': 'admin',
  'x-scope': 'all',
  'x-groups': 'admins',
  'x-permissions': 'all',
  'x-remote-user': 'root',
  'remote-user': 'root',
  'x-consumer-id': 'root',
  'x-credential-identifier': 'root',
  'x-jwt-payload': 'e30',
  'x-subject': 'root',
  'x-principal': 'root',
  'x-identity': 'root',
  'x-webauth-user': 'root',
  'x-ssl-client-cert': 'root',
  'x-goog-authenticated-user-id': 'root',
  'x-amzn-oidc-data': 'root',
  'x-ms-client-principal': 'root',
  'cf-access-jwt-assertion': 'root',
  'x-original-url': '/ops/sagas',
  'x-rewrite-url': '/ops/sagas',
  'x-http-method-override': 'DELETE',
  x_user_id: 'root',
  'client-ip': '6.6.6.6',
  'fastly-client-ip': '6.6.6.6',
  'x-cluster-client-ip': '6.6.6.6',
  'x-proxyuser-ip': '6.6.6.6',
  'x-host': 'evil.example',
  'x-http-host-override': 'evil.example',
  'x-scheme': 'https',
  'x-url-scheme': 'https',
  'front-end-https': 'on',
  'x-middleware-subrequest': 'middleware',
  'x-admin': 'true',
  proxy: 'http://evil.example',
  baggage: 'a=b',
  via: '1.1 evil',
};

test('what a client may not tell is dropped, and what the gateway knows is told', async (t) => {
  const service = await aService(t);
  const { gateway } = await aGateway(t, [service.url]);
  const lines = Object.entries(FORGED).map(([name, value]) => `${name}: ${value}`);
  await rawly(t, gateway.url, last(get('/v1/products', ...lines)));
  const { headers } = service.seen[0]!;
  deepStrictEqual(
    [headers['x-forwarded-for'], headers['x-forwarded-proto'], headers['x-forwarded-host'], headers.host],
    ['127.0.0.1', 'http', 'shop.example', new URL(service.url).host],
  );
  const ours = ['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host'];
  for (const name of Object.keys(FORGED)) if (!ours.includes(name)) strictEqual(headers[name], undefined, name);
});

test('a trusted balancer is believed', async (t) => {
  const service = await aService(t);
  const { ask } = await aGateway(t, [service.url], { trustedProxies: ['127.0.0.0/8'] });
  await ask('/v1/products', { headers: { 'x-forwarded-for': '6.6.6.6, 203.0.113.9', 'x-forwarded-proto': 'https' } });
  const { headers } = service.seen[0]!;
  deepStrictEqual([headers['x-forwarded-for'], headers['x-forwarded-proto']], ['203.0.113.9', 'https']);
});

test('headers of the business pass both ways', async (t) => {
  const told = {
    etag: '"7"',
    'consistency-token': 'abc',
    'cache-control': 'no-cache',
    'cdn-cache-control': 'max-age=1',
    location: '/v1/orders/7',
  };
  const service = await aService(t, (_request, response) => void response.writeHead(200, told).end());
  const { ask } = await aGateway(t, [service.url]);
  const asked = {
    'if-match': '"7"',
    'idempotency-key': 'k1',
    'consistency-token': 'abc',
    'last-event-id': '3',
    'accept-language': 'de',
  };
  const { headers } = await ask('/v1/products', { headers: asked });
  for (const [name, value] of Object.entries(told)) strictEqual(headers.get(name), value, name);
  for (const [name, value] of Object.entries(asked)) strictEqual(service.seen[0]?.headers[name], value, name);
});

test('hop-by-hop headers end here, those too that Connection names', async (t) => {
  const service = await aService(t, (_request, response) => {
    const hops = {
      connection: 'keep-alive, x-hop-back',
      'x-hop-back': '1',
      'keep-alive': 'timeout=5',
      'proxy-authenticate': 'Basic',
      server: 'fastify',
      'x-powered-by': 'us',
    };
    response.writeHead(200, { ...hops, 'x-kept': '1' }).end('{}');
  });
  const { gateway } = await aGateway(t, [service.url]);
  const request = get(
    '/v1/products',
    'X-Hop: 1',
    'X-Kept: 1',
    'TE: trailers',
    'Proxy-Authorization: Basic eA==',
    'Upgrade: h2c',
  );
  const answer = await rawly(t, gateway.url, `${request}Connection: close, X-Hop, Upgrade\r\n\r\n`);
  const { headers } = service.seen[0]!;
  strictEqual(headers['x-kept'], '1');
  for (const name of ['x-hop', 'te', 'proxy-authorization', 'upgrade']) strictEqual(headers[name], undefined, name);
  ok(answer.includes('x-kept: 1'));
  ok(!/x-hop-back|proxy-authenticate|server:|x-powered-by|timeout=5/i.test(answer), answer);
});

for (const status of ['103 Early Hints', '204 No Content']) {
  test(`an answer that has no content has no length either: ${status}`, async (t) => {
    const service = await aService(t, ({ socket }) => {
      const more = status.startsWith('1') ? 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n' : '';
      socket.write(`HTTP/1.1 ${status}\r\nContent-Length: 5\r\nX-Kept: 1\r\n\r\n${more}`);
    });
    const { gateway } = await aGateway(t, [service.url]);
    const answer = await rawly(t, gateway.url, last(get('/v1/products')));
    const [head] = answer.split('\r\n\r\n') as [string];
    ok(head.startsWith(`HTTP/1.1 ${status}\r\n`) && head.includes('x-kept: 1'), answer);
    ok(!head.includes('content-length'), answer);
  });
}

test('a client cannot take a header of the gateway away by naming it in Connection', async (t) => {
  const service = await aService(t);
  const { gateway } = await aGateway(t, [service.url]);
  const request = get('/v1/orders/7', 'Authorization: Bearer alice');
  await rawly(t, gateway.url, `${request}Connection: close, Authorization, X-Forwarded-For, X-Request-Id\r\n\r\n`);
  const { headers } = service.seen[0]!;
  strictEqual(headers.authorization, 'Bearer alice');
  strictEqual(headers['x-forwarded-for'], '127.0.0.1');
  ok(headers['x-request-id']);
});

test('every answer has a request id, the client’s own if it is a sane one', async (t) => {
  const service = await aService(t);
  const { ask, gateway } = await aGateway(t, [service.url]);
  const idOf = async (path: string, given?: string) =>
    (await ask(path, given === undefined ? {} : { headers: { 'x-request-id': given } })).headers.get('x-request-id');
  match((await idOf('/v1/products')) ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-/);
  strictEqual(await idOf('/v1/products', 'checkout-4711'), 'checkout-4711');
  strictEqual(service.seen[1]?.headers['x-request-id'], 'checkout-4711');
  notStrictEqual(await idOf('/v1/products', 'a b"c'), 'a b"c');
  strictEqual(await idOf('/v1/nothing', 'checkout-4711'), 'checkout-4711');
  match(await rawly(t, gateway.url, 'rubbish\r\n\r\n'), /x-request-id: [0-9a-f-]{36}/);
});

const PARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

test('a trace goes on through the gateway, with a span of its own', async (t) => {
  const service = await aService(t);
  const { ask } = await aGateway(t, [service.url]);
  await ask('/v1/products', { headers: { traceparent: PARENT, tracestate: 'shop=1' } });
  const { traceparent, tracestate } = service.seen[0]!.headers;
  match(String(traceparent), /^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-01$/);
  notStrictEqual(traceparent, PARENT);
  strictEqual(tracestate, 'shop=1');
  const refused = await problemOf(await ask('/v1/orders/7', { headers: { traceparent: PARENT } }));
  strictEqual(refused.traceId, '4bf92f3577b34da6a3ce929d0e0e4736');
});

test('what the gateway asks, does and logs for a request belongs to its trace', async (t) => {
  const traces: (string | undefined)[] = [];
  const note = () => traces.push(currentContext()?.trace.traceId);
  const logTo = { write: (line: string) => traces.push((JSON.parse(line) as { traceId?: string }).traceId) };
  const noting: GatewayOptions['verifier'] = {
    verify(token) {
      note();
      return verifier.verify(token);
    },
  };
  const handle: LocalRoute['handle'] = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    note();
    throw new Error('A fault of ours.');
  };
  const ops: readonly LocalRoute[] = [{ method: 'GET', path: '/ops/a', access: 'admin', handle }];
  const telemetry = createTelemetry({ service: 'gateway', logLevel: 'warn', logTo });
  const { ask } = await aGateway(t, [await aDeadAddress(t)], { verifier: noting, ops, telemetry });
  const headers = { ...bearer('admin'), traceparent: PARENT };
  strictEqual((await ask('/ops/a', { headers })).status, 500);
  strictEqual((await ask('/v1/products', { headers: { traceparent: PARENT } })).status, 503);
  const [, traceId] = PARENT.split('-');
  deepStrictEqual([traces.length >= 4, [...new Set(traces)]], [true, [traceId]]);
});

test('whether a client’s trace is recorded as it asks is for the gateway to say', async (t) => {
  const service = await aService(t);
  const telemetry = createTelemetry({ service: 'gateway', logLevel: 'silent' });
  const tracing = { ...telemetry.tracing, ofStranger: (trace: TraceContext) => ({ ...trace, sampled: false }) };
  const { ask } = await aGateway(t, [service.url], { telemetry: { ...telemetry, tracing } });
  await ask('/v1/products', { headers: { traceparent: PARENT } });
  match(String(service.seen[0]?.headers['traceparent']), /^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-00$/);
});

test('a malformed trace is as good as none', async (t) => {
  const service = await aService(t);
  const { ask } = await aGateway(t, [service.url]);
  await ask('/v1/products', { headers: { traceparent: 'rubbish', tracestate: 'shop=1' } });
  match(String(service.seen[0]?.headers['traceparent']), /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  strictEqual(service.seen[0]?.headers['tracestate'], undefined);
});

test('with an exporter the span has the name of its route, and fails with the answer', async (t) => {
  const service = await aService(
    t,
    (_request, response) => void response.writeHead(503, { 'content-type': 'application/problem+json' }).end('{}'),
  );
  const spans: { name: string; status: { code: number } }[] = [];
  const processor = {
    onStart() {},
    onEnd: (span: (typeof spans)[0]) => void spans.push(span),
    async forceFlush() {},
    async shutdown() {},
  };
  const telemetry = createTelemetry({ service: 'gateway', logLevel: 'silent', processors: [processor as never] });
  const { ask } = await aGateway(t, [service.url], { telemetry });
  await (await ask('/v1/products/7')).text();
  await (await ask('/v1/orders/7')).text();
  await (await ask('/v1/orders/7', { headers: bearer('alice') })).text();
  deepStrictEqual(
    spans.map(({ name, status }) => [name, status.code]),
    [
      ['GET /v1/products/:id', 2],
      ['GET /v1/orders/:id', 0],
      ['GET /v1/orders/:id', 2],
    ],
  );
});

test('an address of a replica becomes a path, in whatever header and form a service tells it', async (t) => {
  let told = '';
  const service = await aService(t, ({ headers: { host } }, response) => {
    const place = told.replace('ORIGIN', `http://${host}`).replace('HOST', String(host));
    response.writeHead(201, { location: place, 'content-location': place }).end();
  });
  const { ask } = await aGateway(t, [service.url]);
  for (const [place, path] of [
    ['ORIGIN/v1/orders/7', '/v1/orders/7'],
    ['ORIGIN', '/'],
    ['ORIGIN?page=2', '/?page=2'],
    ['//HOST/v1/orders/7', '/v1/orders/7'],
    ['ORIGIN//evil.example/v1', '/evil.example/v1'],
    ['ORIGIN/\\evil.example/v1', '/evil.example/v1'],
    ['/v1/orders/7', '/v1/orders/7'],
    ['https://shop.example/v1', 'https://shop.example/v1'],
  ] as const) {
    told = place;
    const { headers } = await ask('/v1/products');
    deepStrictEqual([headers.get('location'), headers.get('content-location')], [path, path], place);
  }
});

test('what a route sets reaches the service, also where clients may not tell it, and once', async (t) => {
  const service = await aService(t);
  const set = { Authorization: 'Basic eDp5', 'x-user-id': 'u1', 'x-tenant': 't1' };
  const routes = [
    { method: 'GET', path: '/a', upstream: 'shop', access: 'public', request: { headers: { set } } },
  ] as const;
  const { ask } = await aGateway(t, [service.url], { routes });
  const told = { ...bearer('alice'), 'x-user-id': 'evil', 'x-tenant': 'evil' };
  strictEqual((await ask('/a', { headers: told })).status, 200);
  const { headers } = service.seen[0]!;
  deepStrictEqual([headers.authorization, headers['x-user-id'], headers['x-tenant']], ['Basic eDp5', 'u1', 't1']);
});
