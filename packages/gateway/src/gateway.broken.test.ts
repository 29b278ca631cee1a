import { deepStrictEqual, match, rejects, strictEqual } from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { type TestContext, test } from 'node:test';
import { aClock, aGateway, aService, openSocket, rawly } from './gateway.fixtures.ts';
import type { ProxyRoute } from './routing/route.ts';

const KEPT = { 'cache-control': 'max-age=1, stale-if-error=60', etag: '"1"' };

/** Half of an answer, as a service tells it that dies meanwhile. */
type Half = (response: ServerResponse, heads: Readonly<Record<string, string>>) => void;

const breakOff = (response: ServerResponse, content: string | Buffer): void =>
  void response.write(content, () => response.socket?.destroy());

const HALVES: Readonly<Record<string, Half>> = {
  'half of its length': (response, heads) =>
    breakOff(response.writeHead(200, { ...heads, 'content-length': '100' }), 'half'),
  'some of its chunks': (response, heads) => breakOff(response.writeHead(200, heads), 'half'),
  'its head': (response, heads) => {
    response.writeHead(200, { ...heads, 'content-length': '100' }).flushHeaders();
    response.socket?.destroySoon();
  },
  'half of a failure': (response, heads) =>
    breakOff(response.writeHead(500, { ...heads, 'content-length': '100' }), 'half'),
};

/** A service whose answers are whole until it is told how they break off. */
async function setUp(t: TestContext, policy: Partial<ProxyRoute> = {}) {
  const clock = aClock();
  const state: { half?: Half | undefined; heads: Readonly<Record<string, string>> } = { heads: KEPT };
  const service = await aService(t, (_request, response) => {
    if (state.half) state.half(response, state.heads);
    else response.writeHead(200, state.heads).end('whole');
  });
  const routes: readonly ProxyRoute[] = [
    { method: 'GET', path: '/a', upstream: 'shop', access: 'public', cache: true, errors: 'passed', ...policy },
  ];
  const { gateway, ask } = await aGateway(t, [service.url], { routes, clock, limits: { default: [] } });
  return { gateway, service, clock, state, ask: async () => (await ask('/a')).text() };
}

for (const [what, half] of Object.entries(HALVES)) {
  test(`of an answer of which ${what} came nothing is kept`, async (t) => {
    const { ask, state, service } = await setUp(t);
    state.half = half;
    await rejects(ask());
    state.half = undefined;
    strictEqual(await ask(), 'whole');
    deepStrictEqual([await ask(), service.seen.length >= 2], ['whole', true]);
  });

  test(`what is stored stands in for an answer of which ${what} came, and stays stored`, async (t) => {
    const { ask, state, clock } = await setUp(t);
    strictEqual(await ask(), 'whole');
    clock.pass(5_000);
    state.half = half;
    strictEqual(await ask(), 'whole');
    clock.pass(5_000);
    strictEqual(await ask(), 'whole');
  });
}

test('nothing stands in where the service forbids it, and the break is told', async (t) => {
  const { ask, state, clock } = await setUp(t);
  state.heads = { ...KEPT, 'cache-control': 'max-age=1, must-revalidate, stale-if-error=60' };
  strictEqual(await ask(), 'whole');
  clock.pass(5_000);
  state.half = HALVES['some of its chunks'];
  await rejects(ask());
});

test('a long answer is not kept back: its client is told by the break', async (t) => {
  const { ask, state, clock } = await setUp(t);
  strictEqual(await ask(), 'whole');
  clock.pass(5_000);
  state.half = (response, heads) => breakOff(response.writeHead(200, heads), Buffer.alloc(1 << 20, 'a'));
  await rejects(ask());
});

test('a new answer that was kept back takes the place of the stored one', async (t) => {
  const { ask, state, clock, gateway } = await setUp(t);
  strictEqual(await ask(), 'whole');
  clock.pass(5_000);
  state.half = (response, heads) => void response.writeHead(200, { ...heads, etag: '"2"' }).end('new');
  strictEqual(await ask(), 'new');
  const hit = await fetch(`${gateway.url}/a`);
  match(hit.headers.get('cache-status') ?? '', /hit/);
  strictEqual(await hit.text(), 'new');
});

test('a client of HTTP/1.0, for which the end of the connection is that of the answer, sees a reset', async (t) => {
  const { gateway, state } = await setUp(t);
  state.half = HALVES['some of its chunks'];
  const socket = await openSocket(t, gateway.url);
  const told: (string | undefined)[] = [];
  socket.on('error', ({ code }: NodeJS.ErrnoException) => told.push(code));
  socket.resume().write('GET /a HTTP/1.0\r\n\r\n');
  await once(socket, 'close').catch(() => {});
  deepStrictEqual(told, ['ECONNRESET']);
});

test('a service that announces its answer without end is given up', async (t) => {
  const hint = `HTTP/1.1 103 Early Hints\r\nLink: ${'a'.repeat(4_000)}\r\n\r\n`;
  const service = await aService(t, ({ socket }) => {
    socket.write(`${hint.repeat(20)}HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n`);
  });
  const { gateway } = await aGateway(t, [service.url]);
  const answer = await rawly(t, gateway.url, 'GET /v1/products HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  match(answer, /HTTP\/1\.1 502 /);
});
