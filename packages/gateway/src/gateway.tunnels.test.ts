import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { UuidV7Ids } from '@ashlar/domain';
import type { Caller } from '@ashlar/http';
import { aGateway, bearer, eventually, openSocket } from './gateway.fixtures.ts';
import type { Route } from './routing/route.ts';

const routes: readonly Route[] = [
  { method: 'GET', path: '/chat', upstream: 'shop', access: 'user', upgrade: true },
  { method: 'DELETE', path: '/sessions', upstream: 'shop', access: 'user', ends: 'session' },
];

/** Tokens are the ids of sessions, all of one user. */
const verifier = {
  verify: async (token: string): Promise<Caller> => ({ id: 'u1', role: 'customer', sessionId: token }),
};

/** A service that greets who comes to chat, and leaves the rest to the test. */
async function aChat(t: TestContext) {
  const chats: Socket[] = [];
  const server = createServer((_request, response) => void response.end());
  server.on('upgrade', (_request, socket: Socket) => {
    socket.on('error', () => {}).on('end', () => socket.destroy());
    chats.push(socket.resume());
    socket.write('HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
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
  return { gateway, join, leave };
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
