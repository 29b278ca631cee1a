import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createTelemetry, parseTraceparent } from '@ashlar/telemetry';
import { verifierOf } from './issuer.ts';

test('keys of tokens are asked for in the trace of the request that needs them', async (t) => {
  const asked: (string | undefined)[] = [];
  const server = createServer(({ url, headers }, response) => {
    asked.push(url, headers['traceparent'] as string | undefined);
    response.end('{"keys":[]}');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => server.close());
  const telemetry = createTelemetry({ service: 'gateway', logLevel: 'silent' });
  const away = 'http://127.0.0.1:1';
  const verifier = verifierOf(() => [away, `http://127.0.0.1:${(server.address() as AddressInfo).port}`], telemetry);
  const unknownKey = [{ alg: 'EdDSA', kid: 'k1' }, {}].map((part) => Buffer.from(JSON.stringify(part)));
  const token = [...unknownKey.map((part) => part.toString('base64url')), 'c2ln'].join('.');
  const request = { name: 'GET /v1/orders', kind: 'server' } as const;
  await rejects(telemetry.tracing.span(request, () => verifier.verify(token)));
  strictEqual(asked[0], '/.well-known/jwks.json');
  const { traceId, spanId } = parseTraceparent(asked[1])!;
  const [failed, told, root] = telemetry.recorder.spansOf(traceId);
  deepStrictEqual(
    [failed, told].map((span) => [span?.name, span?.parentSpanId, span?.failure === undefined]),
    [false, true].map((isAnswered) => ['GET user', root?.trace.spanId, isAnswered]),
  );
  strictEqual(told?.trace.spanId, spanId);
});
