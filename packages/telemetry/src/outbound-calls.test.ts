import { deepStrictEqual, match, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { exposition } from './exposition.ts';
import { outboundCalls } from './outbound-calls.ts';
import { createTelemetry } from './telemetry.ts';
import { parseTraceparent } from './trace-context.ts';

const CARRIER = { name: 'carrier', origin: 'http://127.0.0.1:8123' };

test('a call to the outside is a client span, whose context goes with the request', async () => {
  const { tracing, recorder, ...telemetry } = createTelemetry({ service: 'shipping', logLevel: 'silent' });
  const { around, headers } = outboundCalls({ ...telemetry, tracing, recorder }, CARRIER);
  const sent = await tracing.span({ name: 'job' }, () =>
    around({ method: 'POST', path: '/bookings', attempt: 2 }, async () => ({ status: 402, ...headers() })),
  );
  const { traceId, spanId } = parseTraceparent((sent as { traceparent?: string }).traceparent)!;
  const [call, job] = recorder.spansOf(traceId);
  deepStrictEqual(
    [call?.trace.spanId, call?.parentSpanId, call?.kind, call?.name, call?.failure],
    [spanId, job?.trace.spanId, 'client', 'POST carrier', undefined],
  );
  deepStrictEqual(call?.attributes, {
    'peer.service': 'carrier',
    'server.address': '127.0.0.1',
    'server.port': 8123,
    'http.request.method': 'POST',
    'url.path': '/bookings',
    'http.request.resend_count': 1,
    'http.response.status_code': 402,
  });
});

test('one without an answer has failed, and calls are counted by how they ended', async () => {
  const telemetry = createTelemetry({ service: 'shipping', logLevel: 'silent' });
  const { around, onEvent } = outboundCalls(telemetry, CARRIER);
  const cut = () => Promise.reject(new Error('cut'));
  await rejects(around({ method: 'POST', path: '/bookings', attempt: 1 }, cut), /cut/);
  const [{ traceId } = { traceId: '' }] = telemetry.recorder.recent(1);
  strictEqual(telemetry.recorder.spansOf(traceId)[0]?.failure, 'cut');
  onEvent({ type: 'finished', outcome: 'timeout', durationMs: 1_500 });
  onEvent({ type: 'retried' });
  outboundCalls(telemetry, { ...CARRIER, name: 'other' }).onEvent({ type: 'finished', outcome: 'open', durationMs: 0 });
  const { text } = await exposition(telemetry.metrics, undefined);
  match(text, /^http_client_call_duration_seconds_sum\{client="carrier",outcome="timeout"\} 1.5$/m);
  match(text, /^http_client_call_duration_seconds_count\{client="other",outcome="open"\} 1$/m);
});
