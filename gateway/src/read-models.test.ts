import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { treeOf } from './event-tree.ts';
import { aService, aShop, withStatus } from './shop.fixtures.ts';

const model = (name: string) => ({ name, state: 'live', position: 3, lag: 0, lagMs: 0 });

test('the read models of all services are one list, each with its service, and who is away is named', async (t) => {
  const order = await aService(t, { 'GET /ops/projections': { items: [model('order.catalogue')] } });
  const payment = await aService(t, { 'GET /ops/projections': { items: [model('payment.ledger')] } });
  const gone = await aService(t);
  gone.goAway();
  const { asAdmin } = await aShop(t, { order: order.url, payment: payment.url, user: gone.url });
  deepStrictEqual((await asAdmin('GET /ops/projections')).body, {
    items: [
      { service: 'order', ...model('order.catalogue') },
      { service: 'payment', ...model('payment.ledger') },
    ],
    nextCursor: null,
    unavailable: ['user'],
  });
});

test('a rebuild is asked of the service whose read model it is, and of nobody else', async (t) => {
  const order = await aService(t, {
    'GET /ops/projections': { items: [model('order.catalogue')] },
    'POST /ops/projections/order.catalogue/rebuild': withStatus(202, { name: 'order.catalogue', state: 'rebuilding' }),
  });
  const payment = await aService(t, { 'GET /ops/projections': { items: [] } });
  const { asAdmin } = await aShop(t, { order: order.url, payment: payment.url });
  const { status, body } = await asAdmin('POST /ops/projections/order.catalogue/rebuild');
  deepStrictEqual([status, body], [202, { name: 'order.catalogue', state: 'rebuilding' }]);
  deepStrictEqual(
    payment.seen.filter((call) => call.includes('/ops/')),
    ['GET /ops/projections'],
  );
  strictEqual((await asAdmin('POST /ops/projections/unknown/rebuild')).status, 404);
});

const said = (id: string, causationId: string | null, service = 'order') => ({
  service,
  id,
  key: 'k',
  type: 't',
  time: `2026-01-01T00:00:0${id}.000Z`,
  causationId,
});

test('the messages of one business transaction are a tree of what led to what, across services', async (t) => {
  const path = 'GET /ops/events?correlationId=c%201';
  const { service: _order, ...one } = said('1', null);
  const { service: _payment, ...two } = said('2', '1');
  const { service: _third, ...three } = said('3', '2');
  const order = await aService(t, { [path]: { items: [three, one] } });
  const payment = await aService(t, { [path]: { items: [two] } });
  const { asAdmin } = await aShop(t, { order: order.url, payment: payment.url });
  const { body } = await asAdmin('GET /ops/events?correlationId=c%201');
  deepStrictEqual(body, {
    correlationId: 'c 1',
    items: [
      {
        ...said('1', null),
        consequences: [{ ...said('2', '1', 'payment'), consequences: [{ ...said('3', '2'), consequences: [] }] }],
      },
    ],
  });
  strictEqual((await asAdmin('GET /ops/events')).status, 400);
});

test('a message whose cause nobody remembers any more stands at the root', () => {
  const tree = treeOf([said('5', '4'), said('6', '5'), said('3', null)]);
  deepStrictEqual(
    tree.map(({ id, consequences }) => [id, consequences.map((one) => one.id)]),
    [
      ['3', []],
      ['5', ['6']],
    ],
  );
});

const partOf = (traceId: string, part: object) => ({
  traceId,
  name: 'order.sagas',
  isRoot: false,
  startedAtMs: 2_000,
  endedAtMs: 2_500,
  spans: 3,
  failed: false,
  ...part,
});

test('a trace is what every replica remembers of it, the gateway too', async (t) => {
  const traceId = 'a'.repeat(32);
  const spansOf = (service: string) => ({ resourceSpans: [{ service }] });
  const answers = (service: string, parts: object) => ({
    'GET /ops/traces': { items: [partOf(traceId, parts)] },
    [`GET /ops/traces/${traceId}`]: spansOf(service),
  });
  const [one, two] = [await aService(t, answers('order', { failed: true })), await aService(t, answers('order', {}))];
  const payment = await aService(t, answers('payment', { name: 'POST /pay', isRoot: true, startedAtMs: 1_000 }));
  const away = await aService(t);
  away.goAway();
  const urls = { order: [one.url, two.url], payment: payment.url, product: away.url };
  const { ask, asAdmin } = await aShop(t, urls);
  const list = await asAdmin('GET /ops/traces?limit=5');
  deepStrictEqual([list.status, list.body.unavailable], [200, ['product-1']]);
  deepStrictEqual(list.body.items, [
    {
      traceId,
      name: 'POST /pay',
      startedAt: '1970-01-01T00:00:01.000Z',
      durationMs: 1_500,
      spans: 9,
      services: ['order', 'payment'],
      failed: true,
    },
  ]);
  const { status, body } = await asAdmin(`GET /ops/traces/${traceId}`);
  deepStrictEqual([status, body.resourceSpans.length, body.unavailable], [200, 3, ['product-1']]);
  await ask('/v1/products', { headers: { traceparent: `00-${traceId}-${'b'.repeat(16)}-01` } });
  const joined = await asAdmin(`GET /ops/traces/${traceId}`);
  deepStrictEqual(joined.body.resourceSpans[0].resource.attributes[0].value, { stringValue: 'gateway' });
  for (const call of [`GET /ops/traces/${'c'.repeat(32)}`, 'GET /ops/traces/x'])
    strictEqual((await asAdmin(call)).status, 404, call);
  strictEqual((await asAdmin('GET /ops/traces?limit=0')).status, 400);
  strictEqual((await ask('/ops/traces')).status, 401);
});
