import { deepStrictEqual, ok, strictEqual, throws } from 'node:assert/strict';
import { test } from 'node:test';
import type { Consumer } from '@ashlar/messaging';
import { currentContext, type Written } from '@ashlar/telemetry';
import { type ConsistencyGate, consistencyGate, type Follower } from './consistency-gate.ts';
import { formatConsistencyToken, mergeWritten, parseConsistencyToken } from './consistency-token.ts';
import { aServer, by } from './server.fixtures.ts';

const ORDER = '01890a5d-ac96-774b-bcce-b302099a8057';
const made = (key: string, sequence: number, channel = 'order.events'): Written => ({ channel, key, sequence });

async function aServiceThatWrites(consistency: ConsistencyGate = consistencyGate([])) {
  const config = { access: 'user' } as const;
  return aServer(
    async (http) => {
      http.post('/orders', { config }, async (request) => {
        const { written } = request.body as { written: Written[] };
        currentContext()?.onWritten?.(written);
        return { done: true };
      });
      http.post('/failures', { config }, async (_request, reply) => reply.code(409).send({}));
      http.get('/orders', { config }, async () => ({ items: [] }));
    },
    { consistency },
  );
}

test('a token holds what was written, and at most 512 bytes of it, the newest', () => {
  const written = [
    made(ORDER, 1),
    made('EUR', 7, 'payment.commands'),
    made(ORDER, 2 ** 40, 'product.events'),
    made('café', 3),
  ];
  deepStrictEqual(parseConsistencyToken(formatConsistencyToken(written)), written);
  deepStrictEqual(parseConsistencyToken(formatConsistencyToken([])), []);
  const many = Array.from({ length: 500 }, (_, n) => made(`key-${n}`, n + 1));
  const token = formatConsistencyToken(many);
  ok(token.length <= 512 && token.length > 450);
  const kept = parseConsistencyToken(token);
  deepStrictEqual(kept, many.slice(-kept.length));
});

test('merged tokens cover both, with the highest number of each line', () => {
  deepStrictEqual(mergeWritten([made('a', 5), made('b', 1)], [made('a', 3), made('c', 1)]), [
    made('b', 1),
    made('a', 5),
    made('c', 1),
  ]);
});

test('a token that was not given out here is refused', async () => {
  const good = formatConsistencyToken([made(ORDER, 1)]);
  const bad = [
    '',
    'x',
    '!!!',
    `${good}A`,
    good.slice(0, -2),
    good.replace(/^./, 'Z'),
    'A'.repeat(513),
    `${good}, ${good}`,
  ];
  for (const token of bad) throws(() => parseConsistencyToken(token), { code: 'bad_consistency_token' }, token);
  for (let seed = 1; seed < 2_000; seed++) {
    const bytes = Buffer.from(
      Array.from({ length: seed % 40 }, (_, n) => (n === 0 ? 1 : (seed * 7919 * (n + 3)) % 256)),
    );
    try {
      parseConsistencyToken(bytes.toString('base64url'));
    } catch (error) {
      strictEqual((error as { code?: string }).code, 'bad_consistency_token');
    }
  }
  const server = await aServiceThatWrites();
  const response = await server.inject({ url: '/orders', headers: by('alice', { 'consistency-token': 'nonsense' }) });
  strictEqual(response.statusCode, 400);
  strictEqual(response.json().code, 'bad_consistency_token');
});

test('each successful write answers with a token, which covers the one it came with', async () => {
  const server = await aServiceThatWrites();
  const token = formatConsistencyToken([made('before', 4)]);
  const headers = by('alice', { 'consistency-token': token });
  const write = await server.inject({
    method: 'POST',
    url: '/orders',
    headers,
    payload: { written: [made(ORDER, 1)] },
  });
  deepStrictEqual(parseConsistencyToken(String(write.headers['consistency-token'])), [
    made('before', 4),
    made(ORDER, 1),
  ]);
  strictEqual((await server.inject({ url: '/orders', headers })).headers['consistency-token'], undefined);
  const refused = await server.inject({ method: 'POST', url: '/failures', headers });
  strictEqual(refused.headers['consistency-token'], undefined);
});

test('a request with a token waits until the consumers of this service have seen what it names', async () => {
  const arrival = Promise.withResolvers<void>();
  const asked: unknown[] = [];
  const follower: Follower = {
    channels: ['product.events'],
    reached: async (line, sequence) => {
      asked.push({ ...line, sequence });
      await arrival.promise;
    },
  };
  const server = await aServiceThatWrites(consistencyGate([follower]));
  const token = formatConsistencyToken([made('p1', 3, 'product.events'), made('nobody follows this', 1)]);
  let answered = false;
  const response = server
    .inject({ url: '/orders', headers: by('alice', { 'consistency-token': token }) })
    .then((answer) => {
      answered = true;
      return answer;
    });
  while (asked.length === 0) await new Promise(setImmediate);
  strictEqual(answered, false);
  arrival.resolve();
  strictEqual((await response).statusCode, 200);
  deepStrictEqual(asked, [{ channel: 'product.events', key: 'p1', sequence: 3 }]);
});

test('what does not arrive in time is told as consistency_timeout, and the waiting ends', async () => {
  let given: AbortSignal | undefined;
  const never: Follower = {
    channels: ['product.events'],
    reached: async (_line, _sequence, signal) => {
      given = signal;
      await new Promise(() => {});
    },
  };
  strictEqual(await consistencyGate([never]).reached([made('p1', 3, 'product.events')], 5), false);
  strictEqual(given?.aborted, true);

  const server = await aServiceThatWrites({ reached: async (_written, timeoutMs) => timeoutMs !== 2_000 });
  const token = formatConsistencyToken([made('p1', 3)]);
  const response = await server.inject({ url: '/orders', headers: by('alice', { 'consistency-token': token }) });
  strictEqual(response.statusCode, 503);
  strictEqual(response.json().code, 'consistency_timeout');
  strictEqual(response.headers['retry-after'], '1');
});

test('nothing waits for someone who may not ask at all', async () => {
  const server = await aServiceThatWrites({ reached: () => Promise.reject(new Error('must not wait')) });
  const headers = { 'consistency-token': formatConsistencyToken([made('p1', 3)]) };
  strictEqual((await server.inject({ url: '/orders', headers })).statusCode, 401);
});

test('the gate takes the consumers of messaging as they are', async () => {
  const consumers: Consumer[] = [];
  strictEqual(await consistencyGate(consumers).reached([made('p1', 3)], 5), true);
});
