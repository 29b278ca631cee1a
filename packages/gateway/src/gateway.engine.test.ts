import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { aGateway, aService, eventually, everything, openSocket, rawly } from './gateway.fixtures.ts';
import type { Route } from './routing/route.ts';

const anything: readonly Route[] = [
  { method: '*', path: '/*', upstream: 'shop', access: 'public', body: 'any', errors: 'passed', upgrade: true },
];
const open = { routes: anything, limits: { default: [] } };

test('a body of any type is passed on while it comes, at the pace of the service', async (t) => {
  const service = await aService(t);
  const routes = [{ ...anything[0]!, bodyLimitBytes: 64 << 20 }] as readonly Route[];
  const { ask } = await aGateway(t, [service.url], { ...open, routes });
  const content = Buffer.alloc(8 << 20, 'ab');
  const response = await ask('/upload?x=1', {
    method: 'PUT',
    body: content,
    headers: { 'content-type': 'text/plain' },
  });
  strictEqual(response.status, 200);
  const [seen] = service.seen;
  deepStrictEqual([seen?.method, seen?.url, seen?.headers['content-type']], ['PUT', '/upload?x=1', 'text/plain']);
  const hash = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex');
  strictEqual(hash(seen?.body ?? ''), hash(content));
});

test('a streamed body that is longer than its route allows is cut off', async (t) => {
  const service = await aService(t);
  const { gateway } = await aGateway(t, [service.url], open);
  const chunk = `10000\r\n${'a'.repeat(0x10000)}\r\n`;
  const head = 'PUT /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
  ok((await rawly(t, gateway.url, head + chunk.repeat(20))).startsWith('HTTP/1.1 413 '));
  strictEqual(service.seen.length, 0);
});

test('an answer before the answer is passed on, and errors of a service too, where the route says so', async (t) => {
  const service = await aService(t, (_request, response) => {
    response.writeEarlyHints({ link: '</a.css>; rel=preload' });
    response.writeHead(503, { 'content-type': 'text/plain' }).end('no');
  });
  const { gateway } = await aGateway(t, [service.url], open);
  const answer = await rawly(t, gateway.url, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  deepStrictEqual(answer.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 103', 'HTTP/1.1 503']);
  ok(answer.includes('link: </a.css>; rel=preload'));
});

test('a client that asks for another protocol talks to the service itself', async (t) => {
  const server = createServer();
  server.on('upgrade', (request, socket) => {
    socket.write(`HTTP/1.1 101 Yes\r\nUpgrade: ${request.headers.upgrade}\r\nConnection: Upgrade\r\n\r\nhello`);
    socket.on('data', (bytes) => socket.write(`echo ${bytes}`));
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { gateway } = await aGateway(t, [`http://127.0.0.1:${(server.address() as AddressInfo).port}`], open);
  const socket = await openSocket(t, gateway.url);
  let heard = '';
  socket.on('data', (bytes) => {
    heard += bytes;
  });
  socket.write('GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nahead');
  await eventually(() => heard.endsWith('hello' + 'echo ahead'));
  ok(heard.startsWith('HTTP/1.1 101 '), heard);
  ok(/connection: upgrade\r\nupgrade: websocket\r\n/.test(heard), heard);
  socket.write('more');
  await eventually(() => heard.endsWith('echo more'));
});

test('a connection of HTTP/1.0 ends with its answer unless it asks to be kept', async (t) => {
  const service = await aService(t, (_request, response) => void response.end('whole'));
  const { gateway } = await aGateway(t, [service.url], open);
  const once10 = await rawly(t, gateway.url, 'GET / HTTP/1.0\r\n\r\n');
  ok(/connection: close/.test(once10) && once10.endsWith('whole'), once10);
  const kept = 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n';
  const twice = await rawly(t, gateway.url, `${kept}GET / HTTP/1.0\r\n\r\n`);
  strictEqual(twice.match(/HTTP\/1\.1 200/g)?.length, 2);
});

test('a request that drips in byte by byte is read like any other', async (t) => {
  const service = await aService(t);
  const { gateway } = await aGateway(t, [service.url], open);
  const socket = await openSocket(t, gateway.url);
  socket.setNoDelay(true);
  const answer = everything(socket);
  const head = 'POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n';
  const bytes = `${head}3;e=1\r\nabc\r\n0\r\nT: v\r\n\r\n`;
  for (const byte of bytes) await new Promise((resolve) => socket.write(byte, resolve));
  ok((await answer).startsWith('HTTP/1.1 200 '));
  deepStrictEqual([service.seen[0]?.body, service.seen[0]?.headers['content-length']], ['abc', undefined]);
});

/** Writes these bytes in pieces of these lengths, each in a turn of its own. */
async function inPieces(socket: Writable, bytes: Buffer, lengths: readonly number[]): Promise<void> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const end = at + lengths[turn % lengths.length]!;
    socket.write(bytes.subarray(at, end));
    at = end;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('messages that come in pieces, many at a time, are not mixed up', async (t) => {
  const service = await aService(t, (request) => {
    const text = service.seen.at(-1)!.body;
    void inPieces(
      request.socket,
      Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`),
      [20, 5],
    );
  });
  const { gateway } = await aGateway(t, [service.url], open);
  const talk = async (client: number): Promise<void> => {
    const socket = await openSocket(t, gateway.url);
    let heard = '';
    socket.on('data', (bytes) => {
      heard += bytes;
    });
    for (let turn = 0; turn < 10; turn++) {
      const content = `${client}.${turn} `.repeat(30 + 40 * client);
      const chunk = `${content.length.toString(16)}\r\n${content}\r\n0\r\n\r\n`;
      const framing =
        turn % 2 ? `Transfer-Encoding: chunked\r\n\r\n${chunk}` : `Content-Length: ${content.length}\r\n\r\n${content}`;
      heard = '';
      await inPieces(socket, Buffer.from(`POST /echo HTTP/1.1\r\nHost: a\r\n${framing}`), [1, 3, 50 + client]);
      await eventually(() => heard.includes('\r\n\r\n') && heard.split('\r\n\r\n')[1]!.length >= content.length);
      strictEqual(heard.split('\r\n\r\n')[1], content);
    }
  };
  await Promise.all(Array.from({ length: 6 }, (_, client) => talk(client)));
});

/** A key and a certificate for `localhost`, good for a day. */
function aCertificate(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'ashlar-tls-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  const made = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
  execFileSync(OPENSSL, ['req', ...made, '-subj', '/CN=localhost', '-keyout', key, '-out', cert], { stdio: 'ignore' });
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
}

const OPENSSL = 'openssl';
const hasOpenssl = spawnSync(OPENSSL, ['version']).status === 0;

test('with a certificate the gateway speaks TLS, and only that', {
  skip: !hasOpenssl && 'no openssl here',
}, async (t) => {
  const service = await aService(t);
  const tls = aCertificate(t);
  const { gateway } = await aGateway(t, [service.url], { ...open, tls });
  ok(gateway.url.startsWith('https://'));
  const { port } = new URL(gateway.url);
  const options = { host: '127.0.0.1', port: Number(port), ca: tls.cert, servername: 'localhost' };
  const socket = connectTls({ ...options, ALPNProtocols: ['h2', 'http/1.1'] });
  await once(socket, 'secureConnect');
  strictEqual(socket.alpnProtocol, 'http/1.1');
  const answer = everything(socket);
  socket.write(
    `PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\nConnection: close\r\n\r\n${'x'.repeat(200_000)}`,
  );
  ok((await answer).startsWith('HTTP/1.1 200 '));
  deepStrictEqual([service.seen[0]?.body.length, service.seen[0]?.headers['x-forwarded-proto']], [200_000, 'https']);
  ok(!(await rawly(t, gateway.url, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')).includes('200'));
});

test('whoever does not finish its handshake is left, and holds up no drain', {
  skip: !hasOpenssl && 'no openssl here',
}, async (t) => {
  const patience = { headersMs: 200, requestMs: 1_000, keepAliveMs: 1_000 };
  const tls = aCertificate(t);
  const { gateway } = await aGateway(t, [], { ...open, tls, patience });
  const silent = await openSocket(t, gateway.url);
  strictEqual(await everything(silent), '');
  const { gateway: patient } = await aGateway(t, [], { ...open, tls });
  const other = everything(await openSocket(t, patient.url));
  await patient.close();
  strictEqual(await other, '');
});
