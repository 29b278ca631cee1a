import { deepStrictEqual, match, notStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type contextOrNew, createTelemetry, currentContext } from '@ashlar/telemetry';
import Type from 'typebox';
import { aServer, by, logTo } from './server.fixtures.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = `00-${TRACE}-00f067aa0ba902b7-01`;

interface Ended {
  readonly name: string;
  readonly kind: number;
  readonly status: { readonly code: number };
  readonly attributes: Record<string, unknown>;
  readonly parentSpanContext?: { readonly spanId: string };
  spanContext(): { readonly traceId: string; readonly spanId: string };
}

async function aTracedServer() {
  const lines: Record<string, unknown>[] = [];
  const spans: Ended[] = [];
  const processor = {
    onStart() {},
    onEnd: (span: unknown) => void spans.push(span as Ended),
    forceFlush: async () => {},
    shutdown: async () => {},
  };
  const telemetry = createTelemetry({
    service: 'order',
    logLevel: 'debug',
    logTo: logTo(lines),
    processors: [processor],
  });
  const hanging = Promise.withResolvers<void>();
  const server = await aServer(
    async (http) => {
      http.post('/things/:id', { config: { access: 'user' }, schema: { body: Type.Unknown() } }, async () => ({
        ...currentContext(),
      }));
      http.get('/broken', { config: { access: 'public' } }, async () => {
        throw new Error('broken');
      });
      http.get('/hanging', { config: { access: 'public' } }, async () => {
        hanging.resolve();
        await new Promise(() => {});
      });
    },
    { telemetry },
  );
  return { server, lines, spans, telemetry, hanging: hanging.promise };
}

const until = async (condition: () => boolean) => {
  while (!condition()) await new Promise(setImmediate);
};

test('a request runs inside the trace that it came with, body and all, over a real connection', async () => {
  const { server, spans } = await aTracedServer();
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  const headers = by('alice', { traceparent: PARENT, tracestate: 'vendor=1', 'content-type': 'application/json' });
  const body = JSON.stringify({ password: 'x'.repeat(200_000) });
  const response = await fetch(`${url}/things/7?q=1`, { method: 'POST', headers, body });
  const context = (await response.json()) as ReturnType<typeof contextOrNew>;
  strictEqual(context.trace.traceId, TRACE);
  strictEqual(context.trace.traceState, 'vendor=1');
  strictEqual(context.correlationId, TRACE);
  await until(() => spans.length === 1);
  const [span] = spans as [Ended];
  strictEqual(span.name, 'POST /things/:id');
  strictEqual(span.kind, 1);
  strictEqual(span.spanContext().spanId, context.trace.spanId);
  strictEqual(span.parentSpanContext?.spanId, '00f067aa0ba902b7');
  deepStrictEqual(span.attributes, {
    'http.request.method': 'POST',
    'http.route': '/things/:id',
    'url.path': '/things/7',
  });
  await server.close();
});

test('the trace is not lost while a body is on its way', async () => {
  const { server } = await aTracedServer();
  const port = Number(new URL(await server.listen({ host: '127.0.0.1', port: 0 })).port);
  const socket = connect(port, '127.0.0.1');
  const head = ['POST /things/7 HTTP/1.1', 'Host: x', 'Authorization: Bearer alice', `traceparent: ${PARENT}`];
  socket.write(`${[...head, 'Content-Type: application/json', 'Content-Length: 2'].join('\r\n')}\r\n\r\n`);
  socket.write('{');
  await pause(50);
  socket.write('}');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  ok(answer.toString().includes(TRACE));
  socket.destroy();
  await server.close();
});

test('a request without a trace, or with a malformed one, begins one', async () => {
  const { server } = await aTracedServer();
  const post = (headers: Record<string, string>) =>
    server.inject({ method: 'POST', url: '/things/7', headers: by('alice', headers) });
  const one = (await post({})).json();
  const other = (await post({ traceparent: 'nonsense' })).json();
  match(one.trace.traceId, /^[0-9a-f]{32}$/);
  notStrictEqual(one.trace.traceId, other.trace.traceId);
  strictEqual(one.correlationId, one.trace.traceId);
});

test('a failure is told in the span, in the log and in the problem, under one trace', async () => {
  const { server, spans, lines } = await aTracedServer();
  const response = await server.inject({ url: '/broken', headers: { traceparent: PARENT } });
  strictEqual(response.json().traceId, TRACE);
  await until(() => spans.length === 1);
  strictEqual(spans[0]?.status.code, 2);
  strictEqual(lines.find(({ msg }) => msg === 'request')?.['level'], 40);
  ok(lines.every(({ traceId }) => traceId === TRACE));
});

test('each answer has a request id: that of the gateway, or a new one where it is not fit to be shown', async () => {
  const { server } = await aTracedServer();
  const idOf = async (id?: string) =>
    (await server.inject({ url: '/nowhere', headers: id ? { 'x-request-id': id } : {} })).headers['x-request-id'];
  strictEqual(await idOf('gateway-7'), 'gateway-7');
  match(String(await idOf()), /^[0-9a-f-]{36}$/);
  match(String(await idOf('two words')), /^[0-9a-f-]{36}$/);
  match(String(await idOf('x'.repeat(129))), /^[0-9a-f-]{36}$/);
});

test('the access log has one line a request, and no header, query or body', async () => {
  const { server, lines } = await aTracedServer();
  const headers = by('alice', { 'x-request-id': 'r1' });
  await server.inject({ method: 'POST', url: '/things/7?token=geheim', headers, payload: { password: 'geheim' } });
  await until(() => lines.length > 0);
  const [{ level, method, path, status, requestId, callerId }] = lines as [Record<string, unknown>];
  deepStrictEqual(
    { level, method, path, status, requestId, callerId },
    { level: 20, method: 'POST', path: '/things/7', status: 200, requestId: 'r1', callerId: 'alice' },
  );
  strictEqual(/geheim|Bearer/.test(JSON.stringify(lines)), false);
});

test('durations are counted by route, method and status, and probes are not', async () => {
  const { server, telemetry } = await aTracedServer();
  await server.inject({ method: 'POST', url: '/things/7', headers: by('alice') });
  await server.inject({ url: '/nowhere' });
  await server.inject({ url: '/livez' });
  await new Promise(setImmediate);
  const text = await telemetry.metrics.metrics();
  match(text, /http_server_request_duration_seconds_count\{method="POST",route="\/things\/:id",status="200"\} 1/);
  match(text, /http_server_request_duration_seconds_count\{method="any",route="unknown",status="404"\} 1/);
  strictEqual(text.includes('livez'), false);
});

test('a client that goes away ends its span all the same', async () => {
  const { server, spans, lines, hanging } = await aTracedServer();
  const port = Number(new URL(await server.listen({ host: '127.0.0.1', port: 0 })).port);
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write('GET /hanging HTTP/1.1\r\nHost: x\r\n\r\n');
  await hanging;
  socket.destroy();
  await until(() => spans.length === 1);
  strictEqual(lines.find(({ msg }) => msg === 'request')?.['aborted'], true);
  await server.close();
});
