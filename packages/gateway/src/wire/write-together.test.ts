import { ok, strictEqual } from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { SMALL, writeTogether } from './write-together.ts';

/** Both ends of a connection; the client reads nothing yet. */
async function aConnection(t: TestContext): Promise<{ server: Socket; client: Socket }> {
  const listening = createServer().listen(0, '127.0.0.1');
  t.after(() => listening.close());
  await once(listening, 'listening');
  const client = connect((listening.address() as AddressInfo).port, '127.0.0.1');
  const [server] = (await once(listening, 'connection')) as [Socket];
  t.after(() => client.destroy());
  return { server, client };
}

test('what a slow client has not taken is not overwritten by what others are told', async (t) => {
  const [slow, other] = [await aConnection(t), await aConnection(t)];
  const content = (letter: string) => Buffer.alloc(SMALL, letter);
  let written = 0;
  while (slow.server.writableLength === 0) {
    writeTogether(slow.server, 'head ', content('a'));
    written += 1;
  }
  ok(slow.server.writableLength > 0);
  writeTogether(slow.server, 'last ', content('b'));
  writeTogether(other.server, 'other', content('c'));
  slow.server.end();
  other.server.end();
  const told = await text(slow.client);
  const taken = `head ${content('a')}`.repeat(written);
  ok(told === `${taken}last ${content('b')}`);
  strictEqual(await text(other.client), `other${content('c')}`);
});
