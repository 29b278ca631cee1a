import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { ClientConnection, type ConnectionOwner } from './client-connection.ts';
import { HeaderList } from './header-list.ts';
import { readsIntoBuffer } from './read-buffer.ts';

type Inside = Record<symbol, unknown> & { readonly _handle: { useUserBuffer?: unknown } };

const symbolOf = (socket: Socket, name: string): symbol =>
  Object.getOwnPropertySymbols(socket).find(({ description }) => description === name)!;

const insideOf = (socket: Socket): Inside => socket as unknown as Inside;

/** What another version of Node may have renamed or taken away. */
const OTHERWISE: Readonly<Record<string, (socket: Socket) => void>> = {
  'no buffer can be given': (socket) => {
    insideOf(socket)._handle.useUserBuffer = undefined;
  },
  'the place of the buffer has another name': (socket) => {
    delete insideOf(socket)[symbolOf(socket, 'kBuffer')];
  },
  'the place of the callback has another name': (socket) => {
    delete insideOf(socket)[symbolOf(socket, 'kBufferCb')];
  },
};

/** A server that reads requests and answers with their bodies; what it is made of inside is changed before. */
async function anEcho(t: TestContext, change: (socket: Socket) => void): Promise<Socket> {
  const owner: ConnectionOwner = {
    patience: { headersMs: 10_000, requestMs: 10_000, keepAliveMs: 10_000 },
    isDraining: false,
    left: () => {},
    refusalOf: ({ status }) => `HTTP/1.1 ${status} No\r\nconnection: close\r\n\r\n`,
    take: (request, response) => {
      const parts: Buffer[] = [];
      request.take({
        content: (bytes) => parts.push(Buffer.from(bytes)) > 0,
        end() {
          const body = Buffer.concat(parts);
          response.begin(200, HeaderList.of({ 'content-length': String(body.length) }));
          response.write(body);
          response.end();
        },
        fail: () => response.abort(),
      });
    },
  };
  const server = createServer((socket) => {
    change(socket);
    void new ClientConnection(socket, owner);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  t.after(() => client.destroy());
  return client;
}

const BODY = `${'0123456789'.repeat(20_000)}end`;
const REQUESTS = ['one', BODY, 'two'].map(
  (body) => `POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
);

async function echoed(client: Socket): Promise<string> {
  let text = '';
  client.on('data', (bytes) => {
    text += bytes.toString('latin1');
  });
  client.write(REQUESTS.join(''));
  client.end(`GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  await once(client, 'close');
  return text;
}

const bodiesOf = (text: string): string[] => text.split(/HTTP\/1\.1 200 OK\r\n(?:[^\r]+\r\n)*\r\n/).slice(1);

for (const [what, change] of Object.entries(OTHERWISE)) {
  test(`where ${what} in Node, a connection is read as all sockets are`, async (t) => {
    let isLeftAlone = false;
    const client = await anEcho(t, (socket) => {
      change(socket);
      const before = Object.getOwnPropertySymbols(socket).map((symbol) => insideOf(socket)[symbol]);
      strictEqual(
        readsIntoBuffer(socket, () => true),
        false,
      );
      const after = Object.getOwnPropertySymbols(socket).map((symbol) => insideOf(socket)[symbol]);
      isLeftAlone = before.every((value, at) => value === after[at]);
    });
    deepStrictEqual(bodiesOf(await echoed(client)), ['one', BODY, 'two', '']);
    strictEqual(isLeftAlone, true);
  });
}

test('in this version of Node connections read into the one buffer', async (t) => {
  let socket: Socket | undefined;
  const client = await anEcho(t, (accepted) => {
    socket = accepted;
  });
  deepStrictEqual(bodiesOf(await echoed(client)), ['one', BODY, 'two', '']);
  strictEqual(socket!.listenerCount('data'), 0, 'It is read past the events of the stream.');
});
