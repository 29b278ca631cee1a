import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { createTelemetry } from '@ashlar/telemetry';
import { aGateway, aService, eventually } from './gateway.fixtures.ts';

test('a replica that says it is not well is called no more until it is', async (t) => {
  let isWell = false;
  const sick = await aService(t, ({ url }, response) => {
    response.writeHead(url === '/readyz' && !isWell ? 503 : 200, { 'content-type': 'application/json' }).end('{}');
  });
  const well = await aService(t);
  const health = { path: '/readyz', intervalMs: 10 };
  const upstream = { name: 'shop', replicas: () => [sick.url, well.url], health };
  const { ask } = await aGateway(t, [], { upstreams: [upstream] });
  const reads = ({ seen }: typeof sick) => seen.filter(({ url }) => url === '/v1/products').length;
  await eventually(async () => {
    const before = reads(sick);
    for (let count = 0; count < 6; count++) strictEqual((await ask('/v1/products')).status, 200);
    return reads(sick) === before;
  });
  ok(reads(well) >= 6);
  isWell = true;
  await eventually(async () => (await ask('/v1/products')).ok && reads(sick) > 0);
});

test('where the only one that seems well fails, one that does not is asked as well', async (t) => {
  let asked = 0;
  const failing = await aService(t, ({ url, socket }, response) =>
    url === '/readyz' ? void response.end('{}') : void socket.destroy(),
  );
  const sick = await aService(t, ({ url }, response) => {
    if (url === '/readyz') asked += 1;
    response.writeHead(url === '/readyz' ? 503 : 200, { 'content-type': 'application/json' }).end('{}');
  });
  const health = { path: '/readyz', intervalMs: 10 };
  const upstream = { name: 'shop', replicas: () => [failing.url, sick.url], health };
  const { ask } = await aGateway(t, [], { upstreams: [upstream] });
  await eventually(() => asked > 2);
  strictEqual((await ask('/v1/products')).status, 200);
});

test('probes of the gateway are in no trace: a balancer that asks an unready one is no failure', async (t) => {
  const telemetry = createTelemetry({ service: 'gateway', logLevel: 'silent' });
  const { ask } = await aGateway(t, [], { telemetry, ready: () => false });
  strictEqual((await ask('/livez')).status, 200);
  strictEqual((await ask('/readyz')).status, 503);
  const refused = await ask('/readyz', { method: 'POST' });
  const { traceId } = (await refused.json()) as { traceId: string };
  match(traceId, /^[0-9a-f]{32}$/);
  strictEqual((await ask('/v1/nothing')).status, 404);
  deepStrictEqual(
    telemetry.recorder.recent(9).map(({ name }) => name),
    ['GET unmatched'],
  );
});
