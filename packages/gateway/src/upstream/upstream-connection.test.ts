import { strictEqual } from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { ConnectionPool } from './connection-pool.ts';
import type { AnswerTaker, UpstreamConnection } from './upstream-connection.ts';

/** A pool of one connection, to a service that answers each packet with two bytes. */
async function aPool(t: TestContext): Promise<ConnectionPool> {
  const service = createServer((socket) => {
    socket.on('data', () => void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'));
  }).listen(0, '127.0.0.1');
  await once(service, 'listening');
  const { port } = service.address() as AddressInfo;
  const pool = new ConnectionPool(`http://127.0.0.1:${port}`, { connections: 1, connectTimeoutMs: 10_000 });
  t.after(() => {
    pool.destroy();
    service.close();
  });
  return pool;
}

/** Resolves with the connection when the answer is whole. `takesMore`: what is said to each piece of content. */
function answered(pool: ConnectionPool, takesMore: boolean): Promise<UpstreamConnection> {
  const { promise, resolve, reject } = Promise.withResolvers<UpstreamConnection>();
  pool.acquire((connection, error) => {
    if (!connection) return reject(error);
    const taker: AnswerTaker = {
      interim: () => {},
      begin: () => true,
      content: () => takesMore,
      pause: () => {},
      end: () => resolve(connection),
      upgraded: () => {},
      fail: reject,
    };
    connection.start('GET', 'GET / HTTP/1.1\r\n\r\n', taker);
  });
  return promise;
}

test('a connection whose answer ended at a client that took no more serves the next request', async (t) => {
  const pool = await aPool(t);
  const connection = await answered(pool, false);
  strictEqual(connection.socket.isPaused(), false);
  strictEqual(await answered(pool, true), connection);
});
