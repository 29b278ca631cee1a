import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { createTelemetry, type TelemetryOptions } from '@ashlar/telemetry';
import { aGateway, aService, bearer, eventually, everything, openSocket } from './gateway.fixtures.ts';

type SpanProcessor = NonNullable<TelemetryOptions['processors']>[number];

const READY = 'GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n';

test('a drain finishes what runs, is unready meanwhile, and takes nobody new', async (t) => {
  const { promise: done, resolve: finish } = Promise.withResolvers<void>();
  const service = await aService(t, async (_request, response) => {
    await done;
    response.end('finished');
  });
  const { gateway, ask } = await aGateway(t, [service.url]);
  const kept = await openSocket(t, gateway.url);
  const answers = everything(kept);
  kept.write(READY);
  const running = ask('/v1/products');
  await eventually(() => service.seen.length === 1);
  const closed = gateway.close();
  await rejects(fetch(`${gateway.url}/livez`));
  kept.write(READY);
  deepStrictEqual((await answers).match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 200', 'HTTP/1.1 503']);
  finish();
  const response = await running;
  deepStrictEqual(
    [response.status, response.headers.get('connection'), await response.text()],
    [200, 'close', 'finished'],
  );
  await closed;
});

test('a drain ends event streams, so that their clients come back elsewhere', async (t) => {
  const service = await aService(t, (_request, response) => void response.writeHead(200).write('data: 1\n\n'));
  const { gateway, ask } = await aGateway(t, [service.url]);
  const response = await ask('/v1/orders/7/events', { headers: bearer('alice') });
  const text = response.text();
  await gateway.close();
  strictEqual(await text, 'data: 1\n\n');
});

test('a drain refuses a stream that has not begun', async (t) => {
  const service = await aService(t, () => {});
  const { gateway, ask } = await aGateway(t, [service.url]);
  const refused = ask('/v1/orders/7/events', { headers: bearer('alice') });
  await eventually(() => service.seen.length === 1);
  const closed = gateway.close();
  strictEqual((await refused).status, 503);
  await closed;
});

test('a drain does not wait for ever', async (t) => {
  const service = await aService(t, () => {});
  const { gateway, ask } = await aGateway(t, [service.url], { graceMs: 50 });
  const cutOff = rejects(ask('/v1/products'));
  await eventually(() => service.seen.length === 1);
  await gateway.close();
  await cutOff;
});

test('closing twice is closing once', async (t) => {
  const { gateway } = await aGateway(t, []);
  await Promise.all([gateway.close(), gateway.close()]);
});

test('a drain gives the spans of what it has finished to their receiver', async (t) => {
  const service = await aService(t, (_request, response) => void response.end('{}'));
  const seen: string[] = [];
  const processor: SpanProcessor = {
    onStart() {},
    onEnd: ({ name }) => void seen.push(name),
    async forceFlush() {},
    shutdown: async () => void seen.push('flushed'),
  };
  const telemetry = createTelemetry({ service: 'gateway', logLevel: 'silent', processors: [processor] });
  const { gateway, ask } = await aGateway(t, [service.url], { telemetry });
  await (await ask('/v1/products')).text();
  await gateway.close();
  deepStrictEqual(seen, ['GET /v1/products', 'flushed']);
});
