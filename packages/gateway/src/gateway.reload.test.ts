import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { aGateway, eventually, limits, openSocket } from './gateway.fixtures.ts';
import type { Table } from './gateway.ts';
import type { Route } from './routing/route.ts';
import { closeFrame } from './wire/frame-watch.ts';

const CHAT: Route = { method: 'GET', path: '/chat', upstream: 'shop', access: 'public', upgrade: true };
const NEWS: Route = { method: 'GET', path: '/news', upstream: 'shop', access: 'public', stream: true };
const OWN_NEWS: Route = { method: 'GET', path: '/own', upstream: 'shop', access: 'user', stream: true };
const EVENT = 'data: 1\n\n';

/** A service of streams, which begins none before it may, and a gateway before it. */
async function setUp(t: TestContext) {
  const gate = { may: Promise.resolve(), asked: 0 };
  const sockets = new Set<Socket>();
  const server = createServer(async (_request, response) => {
    gate.asked += 1;
    await gate.may;
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(EVENT);
  });
  server.on('upgrade', async (_request, socket: Socket) => {
    gate.asked += 1;
    await gate.may;
    socket.on('error', () => {}).resume();
    socket.write('HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
  });
  server.on('connection', (socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const apiKeys = [{ id: 'robot', sha256: createHash('sha256').update('key').digest('hex') }];
  const table: Table = {
    routes: [CHAT, NEWS, OWN_NEWS],
    upstreams: [{ name: 'shop', replicas: () => [url] }],
    limits,
    apiKeys,
  };
  const { gateway } = await aGateway(t, [url], table);
  const open = async (path: string, isKnown = path === '/own') => {
    const socket = await openSocket(t, gateway.url);
    const upgrade = path === '/chat' ? 'Connection: Upgrade\r\nUpgrade: websocket\r\n' : '';
    const key = isKnown ? 'X-Api-Key: key\r\n' : '';
    const heard = { text: '', isOver: false };
    socket.on('data', (bytes) => (heard.text += bytes.toString('latin1')));
    // What is chunked ends with its last chunk; the connection stays.
    const isOver = () => socket.closed || heard.text.endsWith('\r\n0\r\n\r\n');
    socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n${key}${upgrade}\r\n`);
    const begun = () => eventually(() => heard.text.includes(path === '/chat' ? '101' : EVENT));
    return { begun, isOver, text: () => heard.text };
  };
  const hold = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    gate.may = promise;
    return resolve;
  };
  return { gateway, table, open, hold, asked: () => gate.asked };
}

const GOODBYE = closeFrame(1_001, 'client').toString('latin1');

test('streams of routes that another table does not have end, and those of routes that stay go on', async (t) => {
  const { gateway, table, open } = await setUp(t);
  const [chat, news, own] = [await open('/chat'), await open('/news'), await open('/own')];
  for (const stream of [chat, news, own]) await stream.begun();
  gateway.reload({ ...table, routes: [{ ...NEWS }, { ...OWN_NEWS }] });
  await eventually(chat.isOver);
  strictEqual(chat.text().endsWith(GOODBYE), true);
  gateway.reload({ ...table, routes: [{ ...NEWS, access: 'user' }, OWN_NEWS] });
  await eventually(news.isOver);
  strictEqual(own.isOver(), false);
});

test('a stream that was let in before the change begins, and ends then', async (t) => {
  const { gateway, table, open, hold, asked } = await setUp(t);
  const goOn = hold();
  const [chat, news] = [await open('/chat'), await open('/news')];
  await eventually(() => asked() === 2);
  gateway.reload({ ...table, routes: [OWN_NEWS] });
  deepStrictEqual([chat.text(), news.text()], ['', '']);
  goOn();
  await eventually(() => chat.isOver() && news.isOver());
  deepStrictEqual([chat.text().slice(9, 12), chat.text().endsWith(GOODBYE)], ['101', true]);
  strictEqual(news.text().slice(9, 12), '200');
});

test('a WebSocket of a caller that was let in before other keys counted begins, and ends then', async (t) => {
  const { gateway, table, open, hold, asked } = await setUp(t);
  const goOn = hold();
  const chat = await open('/chat', true);
  await eventually(() => asked() === 1);
  gateway.reload({ ...table, apiKeys: [] });
  goOn();
  await eventually(chat.isOver);
  deepStrictEqual([chat.text().slice(9, 12), chat.text().endsWith(GOODBYE)], ['101', true]);
});

test('streams of callers end with the keys by which they were known, and others go on', async (t) => {
  const { gateway, table, open } = await setUp(t);
  const [news, own] = [await open('/news'), await open('/own')];
  for (const stream of [news, own]) await stream.begun();
  gateway.reload({ ...table, apiKeys: structuredClone(table.apiKeys) });
  const others = [...table.apiKeys!, { id: 'new', sha256: '0'.repeat(64) }];
  strictEqual(own.isOver(), false);
  gateway.reload({ ...table, apiKeys: others });
  await eventually(own.isOver);
  const again = await open('/own');
  await again.begun();
  deepStrictEqual([news.isOver(), again.isOver()], [false, false]);
});
