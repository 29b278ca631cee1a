import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { aGateway, aService, bearer, eventually, everything, openSocket } from './gateway.fixtures.ts';

const READY = 'GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n';

test('a drain finishes what runs, is unready meanwhile, and takes nobody new', async (t) => {
  const { promise: done, resolve: finish } = Promise.withResolvers<void>();
  const service = await aService(t, async (_request, response) => {
    await done;
    response.end('finished');
  });
  const { gateway, ask } = await aGateway(t, [service.url]);
  const kept = await openSocket(t, gateway.url);
  kept.write(READY);
  const running = ask('/v1/products');
  await eventually(() => service.seen.length === 1);
  const answers = everything(kept);
  kept.write('GET /v1/products HTTP/1.1\r\nHost: a\r\n\r\n');
  await eventually(() => service.seen.length === 2);
  const closed = gateway.close();
  await rejects(fetch(`${gateway.url}/livez`));
  kept.write(READY);
  await eventually(async () =>
    (await (await fetch(gateway.metricsUrl)).text()).includes('gateway_requests_in_flight 3'),
  );
  finish();
  const response = await running;
  deepStrictEqual([response.status, await response.text()], [200, 'finished']);
  await closed;
  deepStrictEqual((await answers).match(/HTTP\/1\.1 \d+/g)?.slice(0, 3), [
    'HTTP/1.1 200',
    'HTTP/1.1 200',
    'HTTP/1.1 503',
  ]);
});

test('a drain ends event streams, so that their clients come back elsewhere', async (t) => {
  const service = await aService(t, (_request, response) => void response.writeHead(200).write('data: 1\n\n'));
  const { gateway, ask } = await aGateway(t, [service.url]);
  const response = await ask('/v1/orders/7/events', { headers: bearer('alice') });
  const text = response.text();
  await gateway.close();
  strictEqual(await text, 'data: 1\n\n');
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
