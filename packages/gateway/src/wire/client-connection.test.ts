import { ok, strictEqual } from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { eventually } from '../gateway.fixtures.ts';
import { ClientConnection, type ConnectionOwner, type Patience } from './client-connection.ts';
import { HeaderList } from './header-list.ts';

const SIZE = 64 << 10;
const PATIENCE = { headersMs: 60_000, requestMs: 60_000, keepAliveMs: 60_000 };

/** Answers every request at once, and a client that reads when it is told to. */
async function setUp(t: TestContext, patience: Patience = PATIENCE) {
  const counts = { taken: 0, left: 0 };
  const content = Buffer.alloc(SIZE);
  const connections: ClientConnection[] = [];
  const owner: ConnectionOwner = {
    patience,
    isDraining: false,
    left: () => void counts.left++,
    refusalOf: () => '',
    take: (_request, response) => {
      counts.taken += 1;
      response.begin(200, HeaderList.of({ 'content-length': String(SIZE) }));
      response.write(content);
      response.end();
    },
  };
  const server = createServer((socket) => connections.push(new ClientConnection(socket, owner)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1').pause();
  client.on('error', () => {});
  t.after(() => client.destroy());
  return { client, counts, connections };
}

async function allTaken(client: Socket, count: number): Promise<void> {
  let bytes = 0;
  client.on('data', (content) => {
    bytes += content.length;
  });
  client.resume();
  await eventually(() => bytes > count * SIZE);
}

const requests = (count: number, more = ''): string => `GET /a HTTP/1.1\r\nHost: a\r\n${more}\r\n`.repeat(count);

test('whoever sends requests ahead and takes no answers is not read on, until it takes them', async (t) => {
  const { client, counts, connections } = await setUp(t);
  client.write(requests(1_000));
  await eventually(() => counts.taken > 0);
  ok(counts.taken < 1_000, 'all were answered into memory');
  await allTaken(client, 1_000);
  strictEqual(counts.left, 0);
  ok(connections[0]!.socket.listenerCount('timeout') <= 1, 'each pause leaves something behind');
});

for (const [what, sent] of Object.entries({
  'the answers to what it sends ahead': requests(1_000),
  'the last answer': requests(999) + requests(1, 'Connection: close\r\n'),
})) {
  test(`whoever takes nothing of ${what} is left`, async (t) => {
    const { client, counts } = await setUp(t, { ...PATIENCE, stalledMs: 50 });
    client.write(sent);
    await eventually(() => counts.left === 1);
    ok(counts.taken < 1_000);
  });
}

test('whoever takes nothing of another protocol is left when its service has gone', async (t) => {
  const { client, counts, connections } = await setUp(t, { ...PATIENCE, stalledMs: 50 });
  client.write(requests(1));
  await eventually(() => counts.taken > 0);
  const [connection] = connections;
  connection!.release();
  connection!.socket.write(Buffer.alloc(64 << 20));
  connection!.endSoon();
  await eventually(() => counts.left === 1);
});

test('a connection whose answer is still being taken is not idle', async (t) => {
  const { client, counts, connections } = await setUp(t);
  client.write(requests(1_000));
  await eventually(() => counts.taken > 0);
  for (const connection of connections) connection.expire();
  await allTaken(client, 1_000);
  strictEqual(counts.left, 0);
});
