import { deepStrictEqual, match, ok, rejects, strictEqual } from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { HeldPort } from './held-port.ts';

const HOST = '0.0.0.0';

async function listen(port: number, host: string): Promise<void> {
  const server = createServer().listen({ port, host });
  await once(server, 'listening');
  server.close();
}

test('nobody else can take a held port, at no address of this machine', async () => {
  const held = await HeldPort.take(0, HOST);
  const taken = { code: 'EADDRINUSE' };
  await rejects(HeldPort.take(held.port, HOST), taken);
  await rejects(listen(held.port, HOST), taken);
  await rejects(listen(held.port, '127.0.0.1'), taken);
  held.release();
});

test('who asks while the system starts is told that it lives, and to come again', async (t) => {
  const held = await HeldPort.take(0, HOST);
  t.after(() => held.release());
  const ask = (path: string) => fetch(`http://127.0.0.1:${held.port}${path}`);
  strictEqual((await ask('/livez')).status, 200);
  strictEqual((await ask('/readyz')).status, 503);
  const early = await ask('/v1/products?limit=100');
  const { status, code, instance, traceId } = (await early.json()) as Record<string, unknown>;
  deepStrictEqual([early.status, status, code, instance], [503, 503, 'upstream_unavailable', '/v1/products']);
  match(String(traceId), /^[0-9a-f]{32}$/);
  deepStrictEqual(
    ['content-type', 'retry-after', 'cache-control'].map((name) => early.headers.get(name)),
    ['application/problem+json; charset=utf-8', '1', 'no-store'],
  );
  ok(early.headers.get('x-request-id'));
});

test('a port that is handed over is never free, and is closed by who has it now', async () => {
  const held = await HeldPort.take(0, HOST);
  const { port } = held;
  const url = `http://127.0.0.1:${port}/`;
  strictEqual((await fetch(url)).status, 503);
  const next = createHttpServer((_request, response) => void response.end('here'));
  next.listen(held.handOver());
  strictEqual(await (await fetch(url)).text(), 'here');
  held.release();
  strictEqual(await (await fetch(url)).text(), 'here');
  await rejects(listen(port, '127.0.0.1'), { code: 'EADDRINUSE' });
  next.close();
  await listen(port, HOST);
});

test('a port that is released is free, whoever is still connected', async () => {
  const held = await HeldPort.take(0, HOST);
  const { port } = held;
  await (await fetch(`http://127.0.0.1:${port}/readyz`)).text();
  held.release();
  await listen(port, HOST);
});
