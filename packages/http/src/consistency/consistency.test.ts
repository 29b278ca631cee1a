import { deepStrictEqual, strictEqual, throws } from 'node:assert/strict';
import { test } from 'node:test';
import type { LogPosition } from '@ashlar/domain';
import type { Consumer } from '@ashlar/messaging';
import { currentContext, type Written } from '@ashlar/telemetry';
import Type from 'typebox';
import { aServer, by } from '../server.fixtures.ts';
import { type ConsistencyGate, consistencyGate, type Follower } from './consistency-gate.ts';
import {
  type ConsistencyToken,
  EMPTY_TOKEN,
  formatConsistencyToken,
  parseConsistencyToken,
} from './consistency-token.ts';
import { LineSet } from './line-set.ts';

const ORDER = '01890a5d-ac96-774b-bcce-b302099a8057';
const made = (key: string, sequence: number, channel = 'order.events'): Written => ({ channel, key, sequence });
const token = (...written: readonly Written[]): ConsistencyToken => ({ ...EMPTY_TOKEN, written });
const text = (...written: readonly Written[]): string => formatConsistencyToken(token(...written));
const at = (lsn: number, timeline = 1): LogPosition => ({ timeline, lsn: BigInt(lsn) });
const gateOf = (...followers: readonly Follower[]) => consistencyGate({ service: 'order', followers });

/** A consumer that has handled everything. */
const aFollower = (change: Partial<Follower> = {}): Follower => ({
  name: 'order.checkout',
  channels: ['product.events'],
  reached: async () => {},
  settled: async () => {},
  ...change,
});

async function aServiceThatWrites(consistency: ConsistencyGate = gateOf()) {
  const config = { access: 'user' } as const;
  return aServer(
    async (http) => {
      http.post('/orders', { config, schema: { body: Type.Unknown() } }, async (request) => {
        const { written } = request.body as { written: Written[] };
        currentContext()?.onWritten?.(written);
        return { done: true };
      });
      http.post('/failures', { config }, async (_request, reply) => reply.code(409).send({}));
      http.get('/orders', { config }, async ({ freshness }) => ({
        freshness: typeof freshness === 'string' ? freshness : String(freshness.since.lsn),
      }));
    },
    { consistency },
  );
}

test('for what is settled a read waits for all that has come, and for lines that are parked', async () => {
  const handled = Promise.withResolvers<void>();
  const settled = { ...EMPTY_TOKEN, settled: new LineSet().with([made('p1', 3, 'product.events')]) };
  const gate = (parked: readonly Pick<Written, 'channel' | 'key'>[]) =>
    consistencyGate({
      service: 'order',
      followers: [aFollower({ settled: () => handled.promise })],
      parked: async () => parked,
    });
  strictEqual(await gate([]).reached(settled, 20), false);
  handled.resolve();
  strictEqual(await gate([]).reached(settled, 2_000), true);
  strictEqual(await gate([{ channel: 'product.events', key: 'p2' }]).reached(settled, 2_000), true);
  strictEqual(await gate([{ channel: 'product.events', key: 'p1' }]).reached(settled, 60), false);
});

test('where to read for a token: anywhere, behind a place in the log, or only what is newest', () => {
  const gate = gateOf(aFollower(), aFollower({ name: 'order.orders', channels: ['order.events'], isPatient: true }));
  const positions = new Map([['order', at(7)]]);
  const product = made('p1', 1, 'product.events');
  strictEqual(gate.freshnessOf(EMPTY_TOKEN), 'any');
  strictEqual(gate.freshnessOf(token(made('u1', 1, 'user.events'))), 'any');
  for (const channel of ['order.events', 'order.changes']) {
    strictEqual(gate.freshnessOf(token(made(ORDER, 1, channel))), 'newest');
  }
  deepStrictEqual(gate.freshnessOf({ ...token(made(ORDER, 1)), positions }), { since: at(7) });
  deepStrictEqual(gate.freshnessOf({ ...token(made('u1', 1, 'user.events')), positions }), { since: at(7) });
  strictEqual(gate.freshnessOf({ ...token(made(ORDER, 1), product), positions }), 'newest');
  strictEqual(gate.freshnessOf({ ...EMPTY_TOKEN, positions, settled: new LineSet() }), 'newest');
  strictEqual(gate.freshnessOf({ ...EMPTY_TOKEN, positions: new Map([['product', at(7)]]) }), 'any');
});

test('each write is answered with the place behind it, and a read is told where it may look', async () => {
  const server = await aServiceThatWrites(
    consistencyGate({ service: 'order', followers: [], position: async () => at(42) }),
  );
  const write = await server.inject({
    method: 'POST',
    url: '/orders',
    headers: by('alice'),
    payload: { written: [made(ORDER, 1)] },
  });
  const headers = by('alice', { 'consistency-token': String(write.headers['consistency-token']) });
  strictEqual((await server.inject({ url: '/orders', headers })).json().freshness, '42');
  strictEqual((await server.inject({ url: '/orders', headers: by('alice') })).json().freshness, 'any');
});

test('a write that tells nobody of this service anything is read where it was written, whatever lags', async () => {
  const patient = aFollower({ name: 'order.orders', channels: ['order.changes'], isPatient: true });
  const positions = [async () => undefined, () => Promise.reject(new Error('The primary is away.'))];
  for (const position of positions) {
    const server = await aServiceThatWrites(consistencyGate({ service: 'order', followers: [patient], position }));
    for (const written of [[made(ORDER, 3, 'payment.commands')], []]) {
      const write = await server.inject({ method: 'POST', url: '/orders', headers: by('alice'), payload: { written } });
      const headers = by('alice', { 'consistency-token': String(write.headers['consistency-token']) });
      strictEqual((await server.inject({ url: '/orders', headers })).json().freshness, '0');
    }
  }
});

test('nobody waits for a consumer that feeds what may be a moment old', async () => {
  const never = () => new Promise<void>(() => {});
  const patient = aFollower({ channels: ['order.events'], isPatient: true, reached: never, settled: never });
  const asked = { ...token(made(ORDER, 1)), settled: new LineSet().with([made(ORDER, 1)]) };
  strictEqual(await gateOf(patient).reached(asked, 2_000), true);
});

test('a token that was not given out here is refused', async () => {
  const good = text(made(ORDER, 1));
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
      Array.from({ length: seed % 40 }, (_, n) => (n === 0 ? 1 + (seed % 2) : (seed * 7919 * (n + 3)) % 256)),
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
  const headers = by('alice', { 'consistency-token': text(made('before', 4)) });
  const write = await server.inject({
    method: 'POST',
    url: '/orders',
    headers,
    payload: { written: [made(ORDER, 1)] },
  });
  deepStrictEqual(parseConsistencyToken(String(write.headers['consistency-token'])).written, [
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
  const follower = aFollower({
    reached: async (line, sequence) => {
      asked.push({ ...line, sequence });
      await arrival.promise;
    },
  });
  const server = await aServiceThatWrites(gateOf(follower));
  const asking = text(made('p1', 3, 'product.events'), made('nobody follows this', 1));
  let answered = false;
  const response = server
    .inject({ url: '/orders', headers: by('alice', { 'consistency-token': asking }) })
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
  const never = aFollower({
    reached: async (_line, _sequence, signal) => {
      given = signal;
      await new Promise(() => {});
    },
  });
  strictEqual(await gateOf(never).reached(token(made('p1', 3, 'product.events')), 5), false);
  strictEqual(given?.aborted, true);

  const server = await aServiceThatWrites({ ...gateOf(), reached: async (_token, timeoutMs) => timeoutMs !== 2_000 });
  const headers = by('alice', { 'consistency-token': text(made('p1', 3)) });
  const response = await server.inject({ url: '/orders', headers });
  strictEqual(response.statusCode, 503);
  strictEqual(response.json().code, 'consistency_timeout');
  strictEqual(response.headers['retry-after'], '1');
});

test('nothing waits for someone who may not ask at all', async () => {
  const server = await aServiceThatWrites({
    ...gateOf(),
    reached: () => Promise.reject(new Error('must not wait')),
  });
  const headers = { 'consistency-token': text(made('p1', 3)) };
  strictEqual((await server.inject({ url: '/orders', headers })).statusCode, 401);
});

test('the gate takes the consumers of messaging as they are', async () => {
  const consumers: Consumer[] = [];
  strictEqual(await consistencyGate({ service: 'order', followers: consumers }).reached(token(made('p1', 3)), 5), true);
});
