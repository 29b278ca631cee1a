import { deepStrictEqual, match, ok, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { createTelemetry } from '@ashlar/telemetry';
import { sse } from './event-stream.ts';
import { aServer, by, logTo } from './server.fixtures.ts';

const config = { access: 'public' } as const;
const none = async () => {};
const until = async (condition: () => boolean) => {
  while (!condition()) await new Promise(setImmediate);
};

test('a server is ready when it says so and its dependencies are there; it names each', async () => {
  let now = 0;
  const checks: Record<string, () => Promise<unknown>> = { database: async () => 1, broker: async () => 1 };
  const server = await aServer(none, { checks, clock: { now: () => new Date(now) } });
  const ready = await server.inject({ url: '/readyz' });
  strictEqual(ready.statusCode, 200);
  deepStrictEqual(ready.json(), { status: 'ready', checks: { database: 'ok', broker: 'ok' } });

  checks['broker'] = async () => Promise.reject(new Error('connect ECONNREFUSED 10.0.0.7'));
  now += 499;
  strictEqual((await server.inject({ url: '/readyz' })).statusCode, 200);
  now += 1;
  const unready = await server.inject({ url: '/readyz' });
  strictEqual(unready.statusCode, 503);
  deepStrictEqual(unready.json(), { status: 'unready', checks: { database: 'ok', broker: 'failed' } });
  strictEqual((await server.inject({ url: '/livez' })).statusCode, 200);
});

test('a check that does not answer is given up after a second', async () => {
  const lines: Record<string, unknown>[] = [];
  const server = await aServer(none, {
    checks: { database: () => new Promise(() => {}) },
    telemetry: createTelemetry({ service: 'order', logLevel: 'warn', logTo: logTo(lines) }),
  });
  const response = await server.inject({ url: '/readyz' });
  deepStrictEqual(response.json().checks, { database: 'timed out' });
  match(JSON.stringify(lines), /The check has not answered within 1000 ms\./);
});

test('a server that drains says so at once, and still answers', async () => {
  const server = await aServer(async (http) => {
    http.get('/thing', { config }, async () => ({ id: 1 }));
  });
  server.startDraining();
  server.markReady();
  const unready = await server.inject({ url: '/readyz' });
  strictEqual(unready.statusCode, 503);
  strictEqual(unready.json().status, 'draining');
  const response = await server.inject({ url: '/thing' });
  strictEqual(response.statusCode, 200);
  strictEqual(response.headers['connection'], 'close');
});

test('a server that closes finishes what runs, and does not wait for idle connections', async () => {
  const inside = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  const never = { once: () => () => {}, every: () => () => {} };
  const server = await aServer(
    async (http) => {
      http.get('/slow', { config }, async () => {
        inside.resolve();
        await opened.promise;
        return { done: true };
      });
      http.get('/events', { config }, async (request, reply) =>
        sse(request, reply, (stream) => stream.send({ data: 'x'.repeat(5_000_000) })),
      );
    },
    { timers: never },
  );
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  await fetch(`${url}/readyz`);
  const events = await fetch(`${url}/events`);
  const response = fetch(`${url}/slow`);
  await inside.promise;
  const closed = server.close();
  const refused = await server.inject({ url: '/slow' }).catch(() => undefined);
  ok(refused === undefined || refused.statusCode === 503);
  opened.resolve();
  deepStrictEqual(await (await response).json(), { done: true });
  ok((await events.text()).length > 5_000_000);
  await closed;
  await rejects(fetch(`${url}/slow`));
});

test('a request that does not end is cut off ten seconds after the close', async () => {
  const inside = Promise.withResolvers<void>();
  const due: { ms: number; work: () => void }[] = [];
  const timers = {
    once: (ms: number, work: () => void) => {
      due.push({ ms, work });
      return () => {};
    },
    every: () => () => {},
  };
  const server = await aServer(
    async (http) => {
      http.get('/endless', { config }, async () => {
        inside.resolve();
        await new Promise(() => {});
      });
    },
    { timers },
  );
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  const response = fetch(`${url}/endless`);
  response.catch(() => {});
  await inside.promise;
  const closed = server.close();
  deepStrictEqual(
    due.map(({ ms }) => ms),
    [10_000],
  );
  due[0]?.work();
  await rejects(response);
  await closed;
});

test('the metrics are Prometheus text, and no probe needs a token', async () => {
  const server = await aServer(none);
  await server.inject({ url: '/nowhere' });
  const response = await server.inject({ url: '/metrics' });
  match(String(response.headers['content-type']), /^text\/plain; version=0\.0\.4/);
  match(response.body, /# TYPE http_server_request_duration_seconds histogram/);
});

test('events are streamed to who listens, resume where they say, and end with the drain', async () => {
  const ended: string[] = [];
  const server = await aServer(async (http) => {
    http.get('/events', { config: { access: 'user' } }, async (request, reply) =>
      sse(request, reply, async (stream) => {
        const from = Number(stream.lastEventId ?? 0) + 1;
        for (let id = from; id < from + 2; id++) await stream.send({ id, event: 'status', data: { text: 'a\nb' } });
        await new Promise((resolve) => stream.ended.addEventListener('abort', resolve));
        ended.push('feed');
      }),
    );
  });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  strictEqual((await fetch(`${url}/events`)).status, 401);
  const response = await fetch(`${url}/events`, {
    headers: by('alice', { 'last-event-id': '7', 'x-request-id': 'r1' }),
  });
  strictEqual(response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  strictEqual(response.headers.get('x-request-id'), 'r1');
  let text = '';
  const reading = (async () => {
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) text += chunk;
  })();
  await until(() => text.includes('id: 9'));
  server.startDraining();
  await reading;
  strictEqual(text, 'id: 8\nevent: status\ndata: {"text":"a\\nb"}\n\nid: 9\nevent: status\ndata: {"text":"a\\nb"}\n\n');
  await until(() => ended.length === 1);
  await server.close();
});

test('a feed ends when its client leaves, and a slow client holds it back', async () => {
  let sent = 0;
  let over = false;
  const server = await aServer(async (http) => {
    http.get('/events', { config }, async (request, reply) =>
      sse(request, reply, async (stream) => {
        while (!stream.ended.aborted) {
          await stream.send({ data: 'x'.repeat(100_000) });
          sent++;
        }
        over = true;
      }),
    );
  });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  const leave = new AbortController();
  await fetch(`${url}/events`, { signal: leave.signal });
  let before = -1;
  while (sent !== before) {
    before = sent;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  ok(sent < 1_000);
  leave.abort();
  await until(() => over);
  await server.close();
});

test('a feed that fails ends its stream, and is logged', async () => {
  const lines: Record<string, unknown>[] = [];
  const server = await aServer(
    async (http) => {
      http.get('/events', { config }, async (request, reply) =>
        sse(request, reply, () => Promise.reject(new Error('broken'))),
      );
    },
    { telemetry: createTelemetry({ service: 'order', logLevel: 'info', logTo: logTo(lines) }) },
  );
  strictEqual((await server.inject({ url: '/events' })).body, '');
  match(JSON.stringify(lines), /broken/);
});

test('HEAD of a stream is answered and over', async () => {
  const server = await aServer(async (http) => {
    http.get('/events', { config }, async (request, reply) => sse(request, reply, () => new Promise(() => {})));
  });
  strictEqual((await server.inject({ method: 'HEAD', url: '/events' })).statusCode, 200);
});
