import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { aGateway, aService, eventually, everything, openSocket } from './gateway.fixtures.ts';
import type { Route } from './routing/route.ts';

const routes: readonly Route[] = [
  { method: 'PUT', path: '/files', upstream: 'shop', access: 'public', body: 'any', timeoutMs: 150 },
  {
    method: 'PUT',
    path: '/large',
    upstream: 'shop',
    access: 'public',
    body: 'any',
    timeoutMs: 150,
    bodyLimitBytes: 1e9,
  },
  { method: 'POST', path: '/orders', upstream: 'shop', access: 'public', timeoutMs: 150 },
];
const patience = { headersMs: 1_000, requestMs: 150, bodyBytesPerSecond: 20_000, keepAliveMs: 1_000 };

const asked = (call: string, length: number, type = 'application/json'): string =>
  `${call} HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n`;

/** Writes so much every 10 ms. */
async function drip(socket: Socket, part: string, times: number): Promise<void> {
  for (let sent = 0; sent < times && socket.writable; sent++) {
    const nextAt = performance.now() + 10;
    socket.write(part);
    await eventually(() => performance.now() >= nextAt);
  }
}

for (const [call, type] of [
  ['PUT /files', 'text/plain'],
  ['POST /orders', 'application/json'],
] as const) {
  test(`a body that keeps coming may take longer than silence and services may (${call})`, async (t) => {
    const service = await aService(t);
    const { gateway } = await aGateway(t, [service.url], { routes, patience });
    const socket = await openSocket(t, gateway.url);
    const answer = everything(socket);
    const [part, times] = ['1'.repeat(2_500), 40];
    socket.write(asked(call, part.length * times, type));
    await drip(socket, part, times);
    ok((await answer).startsWith('HTTP/1.1 200 '), await answer);
    strictEqual(service.seen[0]?.body.length, part.length * times);
  });

  test(`a body that drips in is cut off, however often it does (${call})`, async (t) => {
    const service = await aService(t);
    const { gateway } = await aGateway(t, [service.url], { routes, patience });
    const socket = await openSocket(t, gateway.url);
    const answer = everything(socket);
    socket.write(asked(call, 100_000, type));
    await drip(socket, '1', 300);
    ok((await answer).startsWith('HTTP/1.1 408 '), await answer);
    deepStrictEqual(service.seen, []);
  });
}

/** A service that accepts, and does not read. */
async function aDeafService(t: TestContext) {
  const sockets: Socket[] = [];
  const server = createServer({ pauseOnConnect: true }, (socket) => void sockets.push(socket.on('error', () => {})));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sockets };
}

test('a service that takes nothing of a body is waited for as long as for its answer', async (t) => {
  const { gateway } = await aGateway(t, [(await aDeafService(t)).url], { routes, patience });
  const socket = await openSocket(t, gateway.url);
  const answer = everything(socket);
  socket.write(asked('PUT /large', 64 << 20, 'text/plain'));
  socket.write(Buffer.alloc(64 << 20));
  ok((await answer).startsWith('HTTP/1.1 504 '), (await answer).slice(0, 200));
});

test('the time for the answer begins when the body has gone', async (t) => {
  const { url, sockets } = await aDeafService(t);
  const { gateway } = await aGateway(t, [url], { routes, patience });
  const socket = await openSocket(t, gateway.url);
  const answer = everything(socket);
  socket.write(asked('PUT /large', 100_000, 'text/plain'));
  await drip(socket, '1'.repeat(2_500), 40);
  strictEqual(sockets.length, 1);
  ok((await answer).startsWith('HTTP/1.1 504 '), await answer);
});
