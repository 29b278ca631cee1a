import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { aGateway, aService, everything, openSocket, rawly } from './gateway.fixtures.ts';
import type { Route } from './routing/route.ts';

const PATIENCE = { headersMs: 100, requestMs: 100, keepAliveMs: 1_000 };

const POST = 'POST /v1/sessions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n';

const HOSTILE: Readonly<Record<string, [request: string, status: number]>> = {
  'a length told in two ways': [`${POST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
  'two lengths': ['POST /v1/sessions HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd', 400],
  'a length that is no number': ['POST /v1/sessions HTTP/1.1\r\nHost: a\r\nContent-Length: +4\r\n\r\nabcd', 400],
  'an encoding that hides another one': [
    'POST /v1/sessions HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
    400,
  ],
  'an obfuscated encoding': [
    'POST /v1/sessions HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n',
    400,
  ],
  'an encoding before a colon with a space': [
    'POST /v1/sessions HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n',
    400,
  ],
  'chunks in HTTP/1.0': ['POST /v1/sessions HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400],
  'a chunk size that is none': [`${POST}Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n`, 400],
  'a length below nothing': [
    `GET /v1/products HTTP/1.1\r\nHost: a\r\nContent-Length: -${'123456789'.repeat(3)}\r\n\r\n`,
    400,
  ],
  'a version to come': ['GET /v1/products HTTP/9.9\r\nHost: a\r\n\r\n', 400],
  'no version': ['GET /v1/products \r\n\r\n', 400],
  'words before the method': ['Extra lineGET /v1/products HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  'brackets in a name': ['GET /v1/products HTTP/1.1\r\nHost: a\r\nX-A[]: b\r\n\r\n', 400],
  'an end of headers that is none': ['GET /v1/products HTTP/1.1\r\nHost: a\r\n\rX-A: b\r\n\r\n', 400],
  'a folded header': ['GET /v1/products HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\n\r\n', 400],
  'a bare line feed': ['GET /v1/products HTTP/1.1\nHost: a\n\n', 400],
  'no host': ['GET /v1/products HTTP/1.1\r\n\r\n', 400],
  'two hosts': ['GET /v1/products HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 400],
  'a host that is none': ['GET /v1/products HTTP/1.1\r\nHost: a/../b\r\n\r\n', 400],
  'an absolute address': ['GET http://evil.example/v1/products HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  'a dot segment': ['GET /v1/../ops/sagas HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  'an encoded slash': ['GET /v1/products/..%2f..%2fops HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  'a null byte': ['GET /v1/products/%00 HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  'a null byte in a header': ['GET /v1/products HTTP/1.1\r\nHost: a\r\nX-A: b\u0000c\r\n\r\n', 400],
  'an encoding that is none': ['GET /v1/products/%zz HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  'an address of 9 KiB': [`GET /${'a'.repeat(9 << 10)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414],
  'an address of 40 KiB': [`GET /${'a'.repeat(40 << 10)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414],
  'headers of 40 KiB': [`GET /v1/products HTTP/1.1\r\nHost: a\r\nX-A: ${'a'.repeat(40 << 10)}\r\n\r\n`, 431],
  'thousands of headers': [`GET /v1/products HTTP/1.1\r\nHost: a\r\n${'a:b\r\n'.repeat(5_000)}\r\n`, 431],
  'a tunnel': ['CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n', 400],
  'TLS to a port without it': ['\u0016\u0003\u0001\u0002\u0000\u0001\u0000', 400],
  'half a request': ['GET /v1/products HTTP/1.1\r\nHost: a\r\n', 408],
  'half a body': [
    'POST /v1/sessions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
    408,
  ],
};

for (const [what, [request, status]] of Object.entries(HOSTILE)) {
  test(`${what} is answered with ${status}, as a problem, and reaches no service`, async (t) => {
    const service = await aService(t);
    const { gateway } = await aGateway(t, [service.url], { patience: PATIENCE });
    const answer = await rawly(t, gateway.url, Buffer.from(request, 'latin1'));
    ok(answer.startsWith(`HTTP/1.1 ${status} `), answer.slice(0, 300));
    ok(/content-type: application\/problem\+json/i.test(answer), answer);
    ok(/connection: close/i.test(answer));
    ok(/x-request-id: /i.test(answer));
    strictEqual(answer.match(/^HTTP\/1\.1 \d/gm)?.length, 1);
    strictEqual(service.seen.length, 0);
  });
}

for (const [what, fields] of Object.entries({
  'a tab before a value, another case and an empty value': 'hoSt:\ta\r\nempty:\r\n',
  'a wish to be told to go on, without a body': 'Host: a\r\nExpect: 100-continue\r\n',
})) {
  test(`${what} is unusual and right`, async (t) => {
    const service = await aService(t);
    const { gateway } = await aGateway(t, [service.url]);
    const answer = await rawly(t, gateway.url, `GET /v1/products HTTP/1.1\r\n${fields}Connection: close\r\n\r\n`);
    ok(/^(?:HTTP\/1\.1 100 [^\r]+\r\n\r\n)?HTTP\/1\.1 200 /.test(answer), answer);
    strictEqual(service.seen.length, 1);
  });
}

test('a client that sends megabytes of headers before it reads sees the 431 all the same', async (t) => {
  const { gateway } = await aGateway(t, []);
  const socket = await openSocket(t, gateway.url);
  const sent = Promise.withResolvers<Error | null | undefined>();
  socket.write(`GET /v1/products HTTP/1.1\r\nHost: a\r\nX-A: ${'a'.repeat(8 << 20)}`, sent.resolve);
  strictEqual((await sent.promise) ?? undefined, undefined);
  ok((await everything(socket)).startsWith('HTTP/1.1 431 '));
});

test('a request cannot be smuggled in the body of another one', async (t) => {
  const service = await aService(t);
  const { gateway } = await aGateway(t, [service.url]);
  const inner = 'GET /ops/sagas HTTP/1.1\r\nHost: a\r\n\r\n';
  const outer = `GET /v1/products HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${inner.length}\r\n\r\n`;
  const answer = await rawly(t, gateway.url, outer + inner);
  strictEqual(answer.match(/HTTP\/1\.1 200/g)?.length, 1);
  strictEqual(service.seen.length, 1);
});

test('an upgrade is not taken up: the request is answered as it is', async (t) => {
  const service = await aService(t);
  const { gateway } = await aGateway(t, [service.url]);
  const request = 'GET /v1/products HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n';
  ok((await rawly(t, gateway.url, request)).startsWith('HTTP/1.1 200 '));
  strictEqual(service.seen[0]?.headers['upgrade'], undefined);
});

test('requests sent in one go are answered in their order', async (t) => {
  const service = await aService(t, (request, response) => void response.end(request.url));
  const { gateway } = await aGateway(t, [service.url]);
  const request = (id: string, more = '') => `GET /v1/products/${id} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
  const answer = await rawly(t, gateway.url, request('a') + request('b') + request('c', 'Connection: close\r\n'));
  strictEqual(answer.match(/\/v1\/products\/[abc]/g)?.join(), '/v1/products/a,/v1/products/b,/v1/products/c');
});

test('a client that hangs up at once ends nothing', async (t) => {
  const service = await aService(t);
  const { gateway, ask } = await aGateway(t, [service.url]);
  for (let count = 0; count < 20; count++) {
    const socket = await openSocket(t, gateway.url);
    const closed = everything(socket);
    socket.write('GET /v1/products HTTP/1.1\r\nHost: a\r\n\r\n');
    socket.resetAndDestroy();
    await closed;
  }
  strictEqual((await ask('/v1/products')).status, 200);
});

/** Every byte that has fooled a parser somewhere, at every place around the name and the value of a header. */
const ODD = [...Array(33).keys(), 34, 39, 44, 58, 59, 92, 95, 127, 128, 133, 160, 173, 255].map((code) =>
  String.fromCharCode(code),
);
const AROUND: readonly ((odd: string) => string)[] = [
  (odd) => `${odd}Transfer-Encoding: chunked`,
  (odd) => `Transfer-Encoding${odd}: chunked`,
  (odd) => `Transfer-Encoding:${odd}chunked`,
  (odd) => `Transfer-Encoding: chunked${odd}`,
  (odd) => `Transfer-${odd}Encoding: chunked`,
  (odd) => `X: y${odd}Transfer-Encoding: chunked`,
  (odd) => `X: y\r${odd}\nTransfer-Encoding: chunked`,
];

test('no byte around a header hides a second request in the body of the first', async (t) => {
  const service = await aService(t);
  const routes: readonly Route[] = [{ method: '*', path: '/*', upstream: 'shop', access: 'public', body: 'any' }];
  const { gateway } = await aGateway(t, [service.url], { routes, limits: { default: [] } });
  const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
  const body = `0\r\n\r\n${smuggled}`;
  const probe = async (header: string): Promise<void> => {
    const head = `POST /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${body.length}\r\n`;
    await rawly(t, gateway.url, Buffer.from(`${head}${header}\r\n\r\n${body}`, 'latin1'));
  };
  for (const around of AROUND) await Promise.all(ODD.map((odd) => probe(around(odd))));
  ok(service.seen.length > 20, `only ${service.seen.length} of them were taken at all`);
  for (const { url, headers, body: content } of service.seen) {
    deepStrictEqual([url, headers['transfer-encoding'], content], ['/x', undefined, body]);
  }
});
