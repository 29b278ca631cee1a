import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createHttpClient, type HttpClientOptions, type ResilienceEvent } from './http-client.ts';
import type { UnavailableError } from './unavailable-error.ts';

type Behaviour = (response: ServerResponse, request: IncomingMessage) => void;

const json =
  (status: number, body: unknown): Behaviour =>
  (response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
const good = json(200, { ok: true });
const broken = json(500, { error: 'oops' });
const reset: Behaviour = (response) => response.socket?.destroy();
const garbage: Behaviour = (response) => response.writeHead(200).end(Buffer.from([0x3c, 0xff, 0x00, 0x3e]));
const silent: Behaviour = () => {};
const half: Behaviour = (response) => {
  response.writeHead(200, { 'content-length': '100' });
  response.write('{"ok":', () => response.socket?.destroy());
};

/** A real server that behaves as it is told, one behaviour a request, the last one for ever; and a client of it. */
async function setUp(t: TestContext, behaviours: Behaviour[], options: Partial<HttpClientOptions> = {}) {
  const seen: { method?: string; headers: IncomingMessage['headers']; body: string }[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const behave = behaviours[Math.min(seen.length, behaviours.length - 1)] ?? good;
    seen.push({ method: request.method ?? '', headers: request.headers, body: Buffer.concat(chunks).toString() });
    behave(response, request);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const events: ResilienceEvent[] = [];
  const client = createHttpClient({
    name: 'cards',
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    timeoutMs: 5_000,
    breaker: { errorRate: 0.5, volume: 100, windowMs: 10_000, openMs: 60_000 },
    retry: { attempts: 2, baseMs: 0, maxMs: 0 },
    onEvent: (event) => events.push(event),
    ...options,
  });
  t.after(async () => {
    server.closeAllConnections();
    server.close();
    await client.close();
  });
  return { client, events, seen, server };
}

const get = { method: 'GET', path: '/charges/1' } as const;
const post = { method: 'POST', path: '/charges', body: { amount: 1 } } as const;

test('an answer has its status, its headers and its body', async (t) => {
  const { client, seen } = await setUp(t, [json(201, { chargeId: 'ch_1' })]);
  const answer = await client.request({ ...post, headers: { 'idempotency-key': 'k1' } });
  deepStrictEqual([answer.status, answer.body], [201, { chargeId: 'ch_1' }]);
  strictEqual(answer.headers['content-type'], 'application/json');
  strictEqual(seen[0]?.headers['idempotency-key'], 'k1');
  strictEqual(seen[0]?.body, '{"amount":1}');
});

test('an answer without a body is an answer', async (t) => {
  const { client } = await setUp(t, [(response) => response.writeHead(204).end()]);
  deepStrictEqual((await client.request({ method: 'DELETE', path: '/bookings/1' })).body, undefined);
});

test('the body is read by the caller, and one that it cannot read is a bad answer', async (t) => {
  const { client } = await setUp(t, [json(200, { n: 7 }), json(200, { m: 7 })], {
    retry: { attempts: 1, baseMs: 0, maxMs: 0 },
  });
  const read = (body: unknown): number => {
    const { n } = body as { n?: number };
    if (n === undefined) throw new Error('n is missing');
    return n;
  };
  strictEqual((await client.request({ ...get, read })).body, 7);
  await rejects(client.request({ ...get, read }), { reason: 'bad_answer' });
});

test('a refusal (4xx) is an answer: it is not retried and does not open the breaker', async (t) => {
  const breaker = { errorRate: 0.1, volume: 1, windowMs: 10_000, openMs: 60_000 };
  const { client, seen } = await setUp(t, [json(402, { status: 'declined' })], { breaker });
  for (let call = 0; call < 10; call += 1) strictEqual((await client.request(get)).status, 402);
  strictEqual(seen.length, 10);
  deepStrictEqual([client.state, client.failureRate], ['closed', 0]);
});

const faults: [string, Behaviour, string][] = [
  ['a server error', broken, 'status'],
  ['a reset connection', reset, 'network'],
  ['an answer that ends in the middle', half, 'network'],
  ['an answer that is not JSON', garbage, 'bad_answer'],
  ['an answer that is not HTTP', (response) => response.socket?.end('rubbish\r\n\r\n'), 'bad_answer'],
  ['an answer without end', (response) => response.writeHead(200).end(`"${'x'.repeat(2 << 20)}"`), 'bad_answer'],
];

for (const [name, behaviour, reason] of faults) {
  test(`${name} is tried again when that is safe, told as ${reason} when not, and opens the breaker`, async (t) => {
    const breaker = { errorRate: 0.5, volume: 2, windowMs: 10_000, openMs: 60_000 };
    const { client, seen } = await setUp(t, [behaviour, good, behaviour], { breaker });
    strictEqual((await client.request(get)).status, 200);
    await rejects(client.request(post), { name: 'DomainError', dependency: 'cards', reason });
    strictEqual(seen.length, 3);
    strictEqual(client.state, 'open');
    await rejects(client.request(get), { reason: 'open' });
    strictEqual(seen.length, 3);
  });
}

test('a dependency that is not there is a network failure', async (t) => {
  const { client, server } = await setUp(t, [good]);
  server.close();
  await rejects(client.request(post), { reason: 'network' });
});

test('only what may be sent twice is sent twice', async (t) => {
  const { client, seen } = await setUp(t, [broken]);
  const attempts = async (request: Parameters<typeof client.request>[0]): Promise<number> => {
    const before = seen.length;
    await rejects(client.request(request), { reason: 'status', status: 500 });
    return seen.length - before;
  };
  strictEqual(await attempts(post), 1);
  strictEqual(await attempts({ ...post, method: 'PATCH' }), 1);
  strictEqual(await attempts({ ...post, idempotent: true }), 2);
  strictEqual(await attempts({ ...post, method: 'PUT' }), 2);
  strictEqual(await attempts({ ...get, idempotent: false }), 1);
});

test('the deadline is that of the whole call, retries included', async (t) => {
  const { client, seen } = await setUp(t, [broken, silent], {
    timeoutMs: 150,
    retry: { attempts: 5, baseMs: 0, maxMs: 0 },
  });
  const startedAt = performance.now();
  await rejects(client.request(get), { reason: 'timeout' });
  const tookMs = performance.now() - startedAt;
  ok(tookMs >= 145 && tookMs < 1000, `${tookMs} ms`);
  strictEqual(seen.length, 2);
});

test('a slow dependency opens the breaker, and after that nobody waits for it', async (t) => {
  const breaker = { errorRate: 0.5, volume: 3, windowMs: 10_000, openMs: 60_000 };
  const { client, seen } = await setUp(t, [silent], { timeoutMs: 400, breaker });
  for (let call = 0; call < 3; call += 1) await rejects(client.request(post), { reason: 'timeout' });
  await rejects(client.request(post), { reason: 'open' });
  strictEqual(seen.length, 3);
});

test('a dependency that is back is found by one probe', async (t) => {
  const breaker = { errorRate: 0.5, volume: 2, windowMs: 10_000, openMs: 20 };
  const states: string[] = [];
  const { promise: halfOpen, resolve } = Promise.withResolvers<void>();
  const { client } = await setUp(t, [broken, broken, good], {
    breaker,
    onEvent: (event) => {
      if (event.type !== 'state_changed') return;
      states.push(event.state);
      if (event.state === 'half-open') resolve();
    },
  });
  for (let call = 0; call < 2; call += 1) await rejects(client.request(post), { reason: 'status' });
  await halfOpen;
  strictEqual((await client.request(post)).status, 200);
  deepStrictEqual(states, ['open', 'half-open', 'closed']);
});

test('a dependency that hangs holds no more than its places, and the rest is turned away', async (t) => {
  const { client, seen } = await setUp(t, [silent], { timeoutMs: 500, bulkhead: { concurrent: 2, queue: 1 } });
  const calls = await Promise.allSettled(Array.from({ length: 5 }, () => client.request(post)));
  const reasons = calls.map((call) => (call as { reason: { reason: string } }).reason.reason).sort();
  deepStrictEqual(reasons, ['overloaded', 'overloaded', 'timeout', 'timeout', 'timeout']);
  strictEqual(seen.length, 2);
});

test('whoever stands around attempts sees each of them, how it ends, and what it is sent with', async (t) => {
  const seenAround: string[] = [];
  let inside = 'outside';
  const { client, seen } = await setUp(t, [broken, good], {
    headers: () => ({ traceparent: inside }),
    around: async ({ method, path, attempt }, send) => {
      inside = `attempt ${attempt}`;
      const told = (end: unknown) => seenAround.push(`${method} ${path} ${attempt}: ${end}`);
      try {
        const answer = await send();
        told(answer.status);
        return answer;
      } catch (error) {
        told((error as UnavailableError).reason);
        throw error;
      }
    },
  });
  await client.request(get);
  deepStrictEqual(seenAround, ['GET /charges/1 1: status', 'GET /charges/1 2: 200']);
  deepStrictEqual(
    seen.map(({ headers }) => headers['traceparent']),
    ['attempt 1', 'attempt 2'],
  );
});

test('every attempt carries the headers of the trace', async (t) => {
  let span = 0;
  const headers = () => ({ traceparent: `span-${++span}` });
  const { client, seen } = await setUp(t, [broken, good], { headers });
  await client.request(get);
  deepStrictEqual(
    seen.map((request) => request.headers.traceparent),
    ['span-1', 'span-2'],
  );
});

test('the fallback answers in place of a dependency that cannot', async (t) => {
  const { client } = await setUp(t, [broken]);
  const charge = client.withFallback(({ reason }) => ({ pending: reason }));
  deepStrictEqual(await charge(post), { pending: 'status' });
});

test('a caller who gives up ends the request, and the dependency is not blamed', async (t) => {
  const breaker = { errorRate: 0.1, volume: 1, windowMs: 10_000, openMs: 60_000 };
  const caller = new AbortController();
  const { client, events } = await setUp(t, [() => caller.abort(new Error('no longer needed'))], { breaker });
  await rejects(client.request({ ...get, signal: caller.signal }), { message: 'no longer needed' });
  strictEqual(client.state, 'closed');
  deepStrictEqual(
    events.map((event) => event.type === 'finished' && event.outcome),
    ['abandoned'],
  );
});

test('a fault of our own is thrown as it is, and the dependency is not blamed', async (t) => {
  const breaker = { errorRate: 0.1, volume: 1, windowMs: 10_000, openMs: 60_000 };
  const headers = () => {
    throw new TypeError('a bug');
  };
  const { client, seen } = await setUp(t, [good], { breaker, headers });
  await rejects(client.request(get), TypeError);
  deepStrictEqual([client.state, seen.length], ['closed', 0]);
});

test('calls, retries and changes of state are told', async (t) => {
  const breaker = { errorRate: 0.5, volume: 2, windowMs: 10_000, openMs: 60_000 };
  const { client, events } = await setUp(t, [broken], { breaker, now: () => 0, random: () => 0 });
  await rejects(client.request(get));
  deepStrictEqual(events, [
    { type: 'retried', name: 'cards', attempt: 1, delayMs: 0 },
    { type: 'state_changed', name: 'cards', state: 'open' },
    { type: 'finished', name: 'cards', outcome: 'status', durationMs: 0 },
  ]);
});

test('closing waits for the calls that run and takes no new ones', async (t) => {
  const { promise: asked, resolve } = Promise.withResolvers<ServerResponse>();
  const { client } = await setUp(t, [resolve]);
  const running = client.request(post);
  const response = await asked;
  const closed = client.close();
  await rejects(client.request(post), { reason: 'open' });
  good(response, response.req);
  strictEqual((await running).status, 200);
  await closed;
});
