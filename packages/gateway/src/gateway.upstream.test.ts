import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import {
  aDeadAddress,
  aGateway,
  aService,
  bearer,
  eventually,
  openSocket,
  problemOf,
  rawly,
} from './gateway.fixtures.ts';
import type { Outcome } from './upstream/upstream.ts';

/** A service that does what it likes with its connections. */
async function aRawService(t: TestContext, onRequest: (socket: Socket, count: number) => void) {
  let count = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', () => onRequest(socket, ++count));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${port}`, requests: () => count };
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}';
const asAlice = bearer('alice');
const keyed = { ...asAlice, 'idempotency-key': 'k1' };

test('a service that cannot be reached is 503, and the answer names no host and no port', async (t) => {
  const dead = await aDeadAddress(t);
  const { ask, gateway } = await aGateway(t, [dead]);
  const response = await ask('/v1/products');
  deepStrictEqual([response.status, response.headers.get('retry-after')], [503, '1']);
  const text = await response.text();
  const problem = JSON.parse(text);
  deepStrictEqual([problem.code, problem.traceId.length], ['upstream_unavailable', 32]);
  ok(
    !/127\.0\.0\.1|ECONN|stack|at /.test(text.replace(problem.detail, '')) && !text.includes(new URL(dead).port),
    text,
  );
  ok(
    (await (await fetch(gateway.metricsUrl)).text()).includes(
      'gateway_upstream_failures_total{upstream="shop",kind="unreachable"}',
    ),
  );
});

test('a service without replicas is 503', async (t) => {
  const { ask } = await aGateway(t, []);
  strictEqual((await ask('/v1/products')).status, 503);
});

test('a service that does not answer in time is 504', async (t) => {
  const { ask } = await aGateway(t, [(await aRawService(t, () => {})).url]);
  const response = await ask('/v1/slow');
  deepStrictEqual([response.status, (await problemOf(response)).code], [504, 'upstream_timeout']);
});

for (const [what, bytes] of Object.entries({
  'no HTTP': 'rubbish\r\n\r\n',
  'a header that is none': 'HTTP/1.1 200 OK\r\nbad header\r\n\r\n',
  'a length told in two ways': 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}',
  'a crash page':
    'HTTP/1.1 500 Oops\r\nContent-Type: text/plain\r\nContent-Length: 27\r\n\r\nat db-7.internal:5432 (stack)',
})) {
  test(`a service that answers with ${what} is 502`, async (t) => {
    const service = await aRawService(t, (socket) => void socket.write(bytes));
    const { ask } = await aGateway(t, [service.url]);
    const response = await ask('/v1/products');
    const text = await response.text();
    deepStrictEqual([response.status, JSON.parse(text).code, service.requests()], [502, 'upstream_failed', 1]);
    ok(!text.includes('db-7'));
  });
}

test('a refusal of a service passes as it is', async (t) => {
  const problem = '{"status":503,"code":"busy"}';
  const service = await aService(t, (_request, response) => {
    response
      .writeHead(503, { 'content-type': 'application/problem+json; charset=utf-8', 'retry-after': '2' })
      .end(problem);
  });
  const response = await (await aGateway(t, [service.url])).ask('/v1/products');
  deepStrictEqual([response.status, response.headers.get('retry-after'), await response.text()], [503, '2', problem]);
});

test('half an answer is never passed off as a whole one', async (t) => {
  const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n';
  const service = await aRawService(t, (socket) => void socket.end(chunked));
  const { ask } = await aGateway(t, [service.url]);
  await rejects(async () => (await ask('/v1/products')).text());
});

test('a read is tried once more when its connection fails, and no oftener', async (t) => {
  const recovering = await aRawService(t, (socket, count) => void (count === 1 ? socket.destroy() : socket.write(OK)));
  strictEqual((await (await aGateway(t, [recovering.url])).ask('/v1/products')).status, 200);
  const broken = await aRawService(t, (socket) => void socket.destroy());
  strictEqual((await (await aGateway(t, [broken.url])).ask('/v1/products')).status, 503);
  deepStrictEqual([recovering.requests(), broken.requests()], [2, 2]);
});

test('a POST is tried again only with an idempotency key, where keys are honoured', async (t) => {
  const service = await aRawService(t, (socket, count) => void (count % 2 === 1 ? socket.destroy() : socket.write(OK)));
  const { sendJson } = await aGateway(t, [service.url]);
  const without = await sendJson('/v1/orders', {}, asAlice);
  deepStrictEqual([without.status, (await problemOf(without)).code, service.requests()], [502, 'upstream_failed', 1]);
  strictEqual((await sendJson('/v1/orders', {}, asAlice)).status, 200);
  strictEqual((await sendJson('/v1/orders', {}, keyed)).status, 200);
  strictEqual(service.requests(), 4);
  strictEqual((await sendJson('/v1/sessions', {}, keyed)).status, 502);
  strictEqual(service.requests(), 5);
});

test('a POST that was never sent goes to another replica', async (t) => {
  const service = await aService(t);
  const { sendJson } = await aGateway(t, [await aDeadAddress(t), service.url]);
  for (let count = 0; count < 4; count++) strictEqual((await sendJson('/v1/orders', {}, asAlice)).status, 200);
  strictEqual(service.seen.length, 4);
});

test('an answer that is an error is not tried again', async (t) => {
  const service = await aRawService(t, (socket) => void socket.write(OK.replace('200 OK', '409 No')));
  strictEqual((await (await aGateway(t, [service.url])).ask('/v1/products')).status, 409);
  strictEqual(service.requests(), 1);
});

test('retries have a budget: they never double the load of a service that is down', async (t) => {
  const service = await aRawService(t, (socket) => void socket.destroy());
  const { ask } = await aGateway(t, [service.url]);
  const calls = 50;
  for (let count = 0; count < calls; count++) strictEqual((await ask('/v1/products')).status, 503);
  ok(service.requests() < calls * 1.6, `${service.requests()} requests`);
});

test('replicas take turns, and a new one is asked as soon as it is there', async (t) => {
  const [one, two] = [await aService(t), await aService(t)];
  const ready = [one.url];
  const { ask } = await aGateway(t, [], { upstreams: [{ name: 'shop', replicas: () => ready }] });
  await ask('/v1/products');
  ready.push(two.url);
  for (let count = 0; count < 4; count++) await ask('/v1/products');
  deepStrictEqual([one.seen.length, two.seen.length], [3, 2]);
  ready.shift();
  for (let count = 0; count < 2; count++) await ask('/v1/products');
  deepStrictEqual([one.seen.length, two.seen.length], [3, 4]);
});

test('a breaker can keep calls from a replica, and learns how they end', async (t) => {
  const [dead, alive] = [await aDeadAddress(t), await aService(t)];
  const outcomes: Outcome[] = [];
  const upstream = {
    name: 'shop',
    replicas: () => [dead, alive.url],
    admits: (replica: string) => replica !== dead || !outcomes.includes('unreachable'),
    observed: (_replica: string, outcome: Outcome) => void outcomes.push(outcome),
  };
  const { ask } = await aGateway(t, [], { upstreams: [upstream] });
  for (let count = 0; count < 5; count++) strictEqual((await ask('/v1/products')).status, 200);
  strictEqual(outcomes.filter((outcome) => outcome === 'unreachable').length, 1);
});

test('server-sent events come through one by one, however long they pause', async (t) => {
  const { promise: more, resolve: sendMore } = Promise.withResolvers<void>();
  const service = await aService(t, async (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    response.write('data: 1\n\n');
    await more;
    response.end('data: 2\n\n');
  });
  const { ask } = await aGateway(t, [service.url]);
  const response = await ask('/v1/orders/7/events', { headers: asAlice });
  strictEqual(response.headers.get('content-type'), 'text/event-stream');
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  strictEqual((await reader.read()).value, 'data: 1\n\n');
  sendMore();
  strictEqual((await reader.read()).value, 'data: 2\n\n');
  strictEqual((await reader.read()).done, true);
});

test('the head of a stream arrives before its first event', async (t) => {
  const service = await aService(t, (_request, response) => void response.writeHead(200).flushHeaders());
  const { ask } = await aGateway(t, [service.url]);
  const response = await ask('/v1/orders/7/events', { headers: asAlice });
  strictEqual(response.status, 200);
  await response.body?.cancel();
});

test('a client that leaves takes its request to the service with it', async (t) => {
  let isOpen = false;
  const service = await aService(t, (_request, response) => {
    isOpen = true;
    response.on('close', () => {
      isOpen = false;
    });
  });
  const { ask } = await aGateway(t, [service.url]);
  const leaving = new AbortController();
  const gone = ask('/v1/orders/7', { headers: asAlice, signal: leaving.signal });
  await eventually(() => isOpen);
  leaving.abort();
  await rejects(gone);
  await eventually(() => !isOpen);
});

test('a service is not read faster than its client reads', async (t) => {
  const chunk = Buffer.alloc(64 << 10, 97);
  const total = 1_000;
  let sent = 0;
  const service = await aService(t, async (_request, response) => {
    for (; sent < total && !response.destroyed; sent++) {
      if (!response.write(chunk))
        await new Promise((resolve) => response.once('drain', resolve).once('close', resolve));
    }
    response.end();
  });
  const { gateway } = await aGateway(t, [service.url]);
  const socket = await openSocket(t, gateway.url);
  socket.pause();
  socket.write('GET /v1/products HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  let before = -1;
  await eventually(async () => {
    const stands = sent > 0 && sent === before;
    before = sent;
    await new Promise((resolve) => setTimeout(resolve, 50));
    return stands;
  });
  ok(sent < total / 2, `${sent} chunks were taken while the client read nothing`);
  let received = 0;
  socket.on('data', (data) => {
    received += data.length;
  });
  socket.resume();
  await eventually(() => received > total * chunk.length);
});

test('it is known what is under way at a replica, also when it is called no more', async (t) => {
  const answers: (() => void)[] = [];
  const slow = await aService(t, (_request, response) => void answers.push(() => response.end('{}')));
  const other = await aService(t);
  let replicas = [slow.url];
  const { ask, gateway } = await aGateway(t, [], { upstreams: [{ name: 'shop', replicas: () => replicas }] });
  const asked = [ask('/v1/products'), ask('/v1/products')];
  await eventually(() => answers.length === 2);
  strictEqual(gateway.underWayAt(slow.url), 2);
  replicas = [other.url];
  await ask('/v1/products');
  strictEqual(gateway.underWayAt(slow.url), 2);
  for (const answer of answers) answer();
  for (const response of await Promise.all(asked)) strictEqual(response.status, 200);
  await eventually(() => gateway.underWayAt(slow.url) === 0);
  strictEqual(gateway.underWayAt('http://127.0.0.1:1'), 0);
});

test('requests on one kept connection are traces of their own', async (t) => {
  const service = await aService(t);
  const { gateway } = await aGateway(t, [service.url]);
  const request = 'GET /v1/products HTTP/1.1\r\nHost: a\r\n';
  await rawly(t, gateway.url, `${request}\r\n${request}\r\n${request}Connection: close\r\n\r\n`);
  const traces = service.seen.map(({ headers }) => String(headers['traceparent']).split('-')[1]);
  deepStrictEqual([traces.length, new Set(traces).size], [3, 3]);
});
