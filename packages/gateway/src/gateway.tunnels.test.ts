import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { UuidV7Ids } from '@ashlar/domain';
import type { Caller } from '@ashlar/http';
import { aGateway, bearer, eventually, openSocket } from './gateway.fixtures.ts';
import type { Route } from './routing/route.ts';
import { closeFrame } from './wire/frame-watch.ts';

const routes: readonly Route[] = [
  { method: 'GET', path: '/chat', upstream: 'shop', access: 'user', upgrade: true },
  { method: 'GET', path: '/open', upstream: 'shop', access: 'public', upgrade: true },
  { method: 'GET', path: '/events', upstream: 'shop', access: 'user', stream: true },
  { method: 'DELETE', path: '/sessions', upstream: 'shop', access: 'user', ends: 'session' },
];

/** Long enough for a stream to begin, on the slowest machine. */
const BRIEFLY_MS = 1_500;

/** Tokens are the ids of sessions, all of one user. */
const verifier = {
  verify: async (token: string): Promise<Caller> => ({
    id: 'u1',
    role: 'customer',
    sessionId: token,
    expiresAtMs: Date.now() + (token === 'brief' ? BRIEFLY_MS : 1e12),
  }),
};

const FOR_KEYS = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const HELLO = Buffer.concat([Buffer.from([0x81, 5]), Buffer.from('hello')]);

/** A service that greets who comes to chat, and leaves the rest to the test. */
async function aChat(t: TestContext) {
  const chats: Socket[] = [];
  const server = createServer(({ url }, response) => {
    if (url === '/events') response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
    else response.end();
  });
  server.on('upgrade', ({ headers }, socket: Socket) => {
    const accept = createHash('sha1').update(`${headers['sec-websocket-key']}${FOR_KEYS}`).digest('base64');
    socket.on('error', () => {}).on('end', () => socket.destroy());
    chats.push(socket.resume());
    const lines = ['HTTP/1.1 101 Yes', 'Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${accept}`];
    const head = `${lines.join('\r\n')}\r\n\r\n`;
    socket.write(Buffer.concat([Buffer.from(head), HELLO]));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
    for (const chat of chats) chat.destroy();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, chats };
}

async function setUp(t: TestContext) {
  const { url, chats } = await aChat(t);
  const { gateway, ask } = await aGateway(t, [url], { routes, verifier });
  const ids = new UuidV7Ids();
  const join = async (sid = ids.next()) => {
    const socket = await openSocket(t, gateway.url);
    const told = once(socket, 'data');
    const lines = ['GET /chat HTTP/1.1', 'Host: a', `Authorization: ${bearer(sid).authorization}`];
    socket.write([...lines, 'Connection: Upgrade', 'Upgrade: websocket', '\r\n'].join('\r\n'));
    ok(String(await told).startsWith('HTTP/1.1 101 '));
    let isOver = false;
    socket.on('close', () => {
      isOver = true;
    });
    return { socket, sid, chat: chats.at(-1)!, isOver: () => isOver };
  };
  const leave = (sid: string) => ask('/sessions', { method: 'DELETE', headers: bearer(sid) });
  return { gateway, ask, join, leave, chats };
}

test('a connection of another protocol ends with its session on both sides, and those of others go on', async (t) => {
  const { join, leave } = await setUp(t);
  const one = await join();
  const two = await join();
  strictEqual((await leave(one.sid)).status, 200);
  await eventually(() => one.isOver() && one.chat.destroyed);
  deepStrictEqual([two.isOver(), two.chat.destroyed], [false, false]);
  const heard = once(two.socket, 'data');
  two.chat.write('still here');
  strictEqual(String((await heard)[0]), 'still here');
});

test('a client that takes nothing is cut off with its session all the same', async (t) => {
  const { join, leave } = await setUp(t);
  const { socket, chat, sid } = await join();
  socket.pause();
  while (chat.write(Buffer.alloc(1 << 20)));
  await leave(sid);
  await eventually(() => chat.destroyed);
});

test('what a client does not take waits at the service, not in the gateway', async (t) => {
  const { join } = await setUp(t);
  const { socket, chat } = await join();
  socket.pause();
  let sent = 0;
  const part = Buffer.alloc(256 << 10);
  // Whoever has room takes something while others come and are greeted.
  const isFull = async (): Promise<boolean> => {
    sent += part.length;
    chat.write(part);
    for (let others = 0; others < 5 && chat.writableNeedDrain; others++) await join();
    return chat.writableNeedDrain;
  };
  await eventually(isFull);
  ok(sent < 64 << 20, `${sent} bytes were taken`);
});

test('a drain ends connections of another protocol', async (t) => {
  const { gateway, join } = await setUp(t);
  const { chat, isOver } = await join();
  await gateway.close();
  await eventually(() => isOver() && chat.destroyed);
});

/** What has come from now on. */
function heard(socket: Socket): () => Buffer {
  const parts: Buffer[] = [];
  socket.on('data', (bytes: Buffer) => void parts.push(bytes));
  return () => Buffer.concat(parts);
}

test('a WebSocket is told that the gateway is leaving, and its service that the client is', async (t) => {
  const { gateway, chats } = await setUp(t);
  const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/open`);
  const [greeting] = (await once(socket, 'message')) as [MessageEvent];
  const toService = heard(chats[0]!);
  const closed = once(socket, 'close');
  await gateway.close();
  const [{ code, wasClean }] = (await closed) as [CloseEvent];
  deepStrictEqual([greeting.data, code, wasClean], ['hello', 1_001, true]);
  await eventually(() => toService().equals(closeFrame(1_001, 'server')));
});

test('a WebSocket is told that its session has ended, and never in the middle of a frame', async (t) => {
  const { join, leave } = await setUp(t);
  const { socket, chat, sid, isOver } = await join();
  const toClient = heard(socket);
  const [half, rest] = [HELLO.subarray(0, 4), HELLO.subarray(4)];
  chat.write(half);
  await eventually(() => toClient().equals(half));
  const answer = await leave(sid);
  strictEqual(answer.status, 200);
  chat.write(rest);
  await eventually(isOver);
  deepStrictEqual(toClient(), Buffer.concat([HELLO, closeFrame(1_008, 'client')]));
});

test('a WebSocket with a frame that never ends is cut off', async (t) => {
  const { join, leave } = await setUp(t);
  const { socket, chat, sid, isOver } = await join();
  const toClient = heard(socket);
  chat.write(HELLO.subarray(0, 4));
  await eventually(() => toClient().length === 4);
  await leave(sid);
  await eventually(isOver);
  deepStrictEqual(toClient(), HELLO.subarray(0, 4));
});

test('event streams and WebSockets end with the token that they were asked for with, and others go on', async (t) => {
  const { ask, join } = await setUp(t);
  const [brief, long] = [await join('brief'), await join()];
  const toClient = heard(brief.socket);
  const events = await ask('/events', { headers: bearer('brief') });
  strictEqual(await events.text(), 'data: 1\n\n');
  await eventually(brief.isOver);
  deepStrictEqual(toClient(), closeFrame(1_008, 'client'));
  strictEqual(long.isOver(), false);
});
