import { ok, rejects, strictEqual } from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { freePort } from './free-port.ts';

test('a free port is one at which a server can listen, and none that the system gives to whoever asks', async () => {
  const port = await freePort();
  ok(port >= 15_000 && port < 30_000);
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  strictEqual((server.address() as { port: number }).port, port);
  server.close();
});

test('an address that is not of this machine is told, and not tried for ever', async () => {
  await rejects(freePort('192.0.2.1'), { code: 'EADDRNOTAVAIL' });
});

test('where no port is free that is told, and not looked for without end', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as { port: number };
  await rejects(
    freePort('127.0.0.1', () => port),
    /Of 100 ports of 127\.0\.0\.1 none is free/,
  );
});
