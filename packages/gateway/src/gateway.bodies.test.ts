import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import {
  aGateway,
  aService,
  bearer,
  eventually,
  everything,
  openSocket,
  problemOf,
  rawly,
} from './gateway.fixtures.ts';

const MIB = 1 << 20;
const json = { 'content-type': 'application/json' };
const asAlice = { ...json, ...bearer('alice') };
const head = (lines: string[]): string => `${lines.join('\r\n')}\r\n\r\n`;
const post = (...lines: string[]): string =>
  head([
    'POST /v1/orders HTTP/1.1',
    'Host: shop',
    'Authorization: Bearer alice',
    'Content-Type: application/json',
    ...lines,
  ]);

test('a body reaches the service as it was sent', async (t) => {
  const service = await aService(t);
  const { ask } = await aGateway(t, [service.url]);
  const body = `{ "name": "Zoë",\n"a": 1 }`;
  strictEqual((await ask('/v1/orders', { method: 'POST', body, headers: asAlice })).status, 200);
  deepStrictEqual([service.seen[0]?.body, service.seen[0]?.headers['content-type']], [body, 'application/json']);
});

test('a body in chunks reaches the service whole and with its length', async (t) => {
  const service = await aService(t);
  const { gateway } = await aGateway(t, [service.url]);
  const chunks = '5\r\n{"a":\r\n2\r\n1}\r\n0\r\n\r\n';
  const answer = await rawly(t, gateway.url, post('Transfer-Encoding: chunked', 'Connection: close') + chunks);
  ok(answer.startsWith('HTTP/1.1 200 '));
  deepStrictEqual([service.seen[0]?.body, service.seen[0]?.headers['content-length']], ['{"a":1}', '7']);
});

for (const type of [
  'text/plain',
  'application/x-www-form-urlencoded',
  'application/json; charset=latin1',
  'application/jsonx',
  '',
]) {
  test(`a body of type '${type}' is refused`, async (t) => {
    const { gateway } = await aGateway(t, []);
    const lines = [
      'POST /v1/orders HTTP/1.1',
      'Host: shop',
      'Authorization: Bearer alice',
      'Content-Length: 2',
      'Connection: close',
    ];
    const answer = await rawly(t, gateway.url, `${head(type ? [...lines, `Content-Type: ${type}`] : lines)}{}`);
    ok(answer.startsWith('HTTP/1.1 415 '), answer);
    ok(answer.includes('"code":"unsupported_media_type"'));
  });
}

test('JSON in UTF-8 may say so, and a compressed body is refused', async (t) => {
  const service = await aService(t);
  const { ask } = await aGateway(t, [service.url]);
  const send = (headers: Record<string, string>) =>
    ask('/v1/orders', { method: 'POST', body: '{}', headers: { ...asAlice, ...headers } });
  strictEqual((await send({ 'content-type': 'Application/JSON; charset=UTF-8' })).status, 200);
  strictEqual((await send({ 'content-encoding': 'gzip' })).status, 415);
});

test('a POST without a body needs no type', async (t) => {
  const service = await aService(t);
  const { ask } = await aGateway(t, [service.url]);
  strictEqual((await ask('/v1/orders', { method: 'POST', headers: bearer('alice') })).status, 200);
  strictEqual((await ask('/v1/orders', { method: 'POST', headers: asAlice })).status, 200);
  strictEqual(service.seen[1]?.headers['content-type'], undefined);
});

test('the body of a DELETE is passed on, for the service to refuse', async (t) => {
  const service = await aService(t);
  const { ask } = await aGateway(t, [service.url]);
  const send = (headers: Record<string, string>) =>
    ask('/v1/orders/7', { method: 'DELETE', body: '{"reason":"none"}', headers: { ...bearer('alice'), ...headers } });
  strictEqual((await send({ 'content-type': 'application/json' })).status, 200);
  strictEqual(service.seen[0]?.body, '{"reason":"none"}');
  strictEqual((await send({ 'content-type': 'text/plain' })).status, 415);
});

test('the body of a call that reads is dropped', async (t) => {
  const service = await aService(t);
  const { gateway } = await aGateway(t, [service.url]);
  const lines = [
    'GET /v1/orders/7 HTTP/1.1',
    'Host: shop',
    'Authorization: Bearer alice',
    'Content-Length: 5',
    'Connection: close',
  ];
  ok((await rawly(t, gateway.url, `${head(lines)}hello`)).startsWith('HTTP/1.1 200 '));
  deepStrictEqual([service.seen[0]?.body, service.seen[0]?.headers['content-length']], ['', undefined]);
});

test('one mebibyte is let through and one byte more is refused', async (t) => {
  const service = await aService(t);
  const { ask } = await aGateway(t, [service.url]);
  const send = (size: number) =>
    ask('/v1/orders', { method: 'POST', body: `"${'a'.repeat(size - 2)}"`, headers: asAlice });
  strictEqual((await send(MIB)).status, 200);
  const refused = await send(MIB + 1);
  deepStrictEqual([refused.status, (await problemOf(refused)).code], [413, 'payload_too_large']);
  strictEqual(service.seen.length, 1);
});

test('a client that sends everything before it reads sees the 413 all the same', async (t) => {
  const { gateway } = await aGateway(t, []);
  const size = 8 * MIB;
  const socket = await openSocket(t, gateway.url);
  const sent = Promise.withResolvers<Error | null | undefined>();
  socket.write(Buffer.concat([Buffer.from(post(`Content-Length: ${size}`)), Buffer.alloc(size, 97)]), sent.resolve);
  strictEqual((await sent.promise) ?? undefined, undefined);
  const answer = await everything(socket);
  ok(answer.startsWith('HTTP/1.1 413 '), answer.slice(0, 100));
  ok(answer.includes('"code":"payload_too_large"'));
});

test('a body in chunks that tells no length is cut off at the same size', async (t) => {
  const { gateway } = await aGateway(t, []);
  const chunk = `10000\r\n${'a'.repeat(0x10000)}\r\n`;
  const answer = await rawly(t, gateway.url, post('Transfer-Encoding: chunked') + chunk.repeat(20));
  ok(answer.startsWith('HTTP/1.1 413 '), answer.slice(0, 100));
  ok(/\r\nconnection: close\r\n/i.test(answer));
});

test('a client that asks first is told to go on, and only when its request is welcome', async (t) => {
  const service = await aService(t);
  const { gateway } = await aGateway(t, [service.url]);
  const welcome = await openSocket(t, gateway.url);
  const answer = everything(welcome);
  let soFar = '';
  welcome.on('data', (chunk) => {
    soFar += chunk;
  });
  welcome.write(post('Content-Length: 7', 'Expect: 100-continue', 'Connection: close'));
  await eventually(() => soFar.includes('100 Continue'));
  welcome.write('{"a":1}');
  ok((await answer).includes('HTTP/1.1 200 OK'));
  strictEqual(service.seen[0]?.body, '{"a":1}');

  const tooLarge = await rawly(t, gateway.url, post(`Content-Length: ${2 * MIB}`, 'Expect: 100-continue'));
  ok(tooLarge.startsWith('HTTP/1.1 413 '), tooLarge);
  const stranger = post('Content-Length: 2', 'Expect: 100-continue').replace('alice', 'nobody');
  ok((await rawly(t, gateway.url, stranger)).startsWith('HTTP/1.1 401 '));
  const other = await rawly(t, gateway.url, post('Content-Length: 2', 'Expect: a-miracle'));
  ok(other.startsWith('HTTP/1.1 417 '), other);
});

test('a refused request with a small body does not cost the connection', async (t) => {
  const service = await aService(t);
  const { gateway } = await aGateway(t, [service.url]);
  const lines = ['POST /v1/orders HTTP/1.1', 'Host: shop', 'Content-Type: application/json', 'Content-Length: 2'];
  const refused = `${head(lines)}{}`;
  const next = head(['GET /v1/products HTTP/1.1', 'Host: shop', 'Connection: close']);
  const answer = await rawly(t, gateway.url, refused + next);
  deepStrictEqual(answer.match(/HTTP\/1.1 \d+/g), ['HTTP/1.1 401', 'HTTP/1.1 200']);
});

test('a client that leaves in the middle of its body leaves nothing behind', async (t) => {
  const service = await aService(t);
  const { gateway } = await aGateway(t, [service.url]);
  const socket = await openSocket(t, gateway.url);
  const inFlight = async () =>
    (await (await fetch(gateway.metricsUrl)).text()).match(/gateway_requests_in_flight (\d+)/)?.[1];
  socket.write(`${post('Content-Length: 100')}{`);
  await eventually(async () => (await inFlight()) === '1');
  socket.destroy();
  await eventually(async () => (await inFlight()) === '0');
  strictEqual(service.seen.length, 0);
});
