import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { SandboxControl } from './sandbox.ts';
import type { ReplicaStatus } from './services.ts';
import { aService, aShop, cursorAfter, idOf, replicasOf, withStatus } from './shop.fixtures.ts';

const page = (...numbers: number[]) => ({ items: numbers.map((number) => ({ id: idOf(number) })), nextCursor: null });
interface Told {
  readonly status: string;
}

const numbersIn = (body: { items: { id: string }[] }) => body.items.map(({ id }) => Number(id.slice(-12)));

test('a list is what all services have, newest first', async (t) => {
  const order = await aService(t, { 'GET /ops/sagas': page(9, 4, 1) });
  const payment = await aService(t, { 'GET /ops/sagas': page(7, 5) });
  const product = await aService(t);
  const { asAdmin } = await aShop(t, { order: order.url, payment: payment.url, product: product.url });
  const { status, body } = await asAdmin('GET /ops/sagas?status=stuck');
  deepStrictEqual([status, numbersIn(body), body.nextCursor], [200, [9, 7, 5, 4, 1], null]);
  strictEqual('unavailable' in body, false);
  ok(order.seen.includes('GET /ops/sagas?status=stuck'));
  ok(order.tokens.includes('Bearer admin'));
});

test('a list is told page by page, with nothing lost and nothing twice', async (t) => {
  const below = (numbers: number[], cursor: number, limit: number) => {
    const rest = numbers.filter((number) => number < cursor);
    return {
      ...page(...rest.slice(0, limit)),
      nextCursor: rest.length > limit ? cursorAfter(idOf(rest[limit - 1]!)) : null,
    };
  };
  const paged = (numbers: number[]) =>
    Object.fromEntries([
      ['GET /ops/dead-letters?limit=3', below(numbers, 100, 3)],
      ...Array.from({ length: 20 }, (_, cursor) => [
        `GET /ops/dead-letters?limit=3&cursor=${cursorAfter(idOf(cursor))}`,
        below(numbers, cursor, 3),
      ]),
    ]);
  const order = await aService(t, paged([19, 18, 17, 16, 15, 2]));
  const payment = await aService(t, paged([14, 3, 1]));
  const { asAdmin } = await aShop(t, { order: order.url, payment: payment.url });
  const told: number[] = [];
  let cursor: string | null = '';
  for (let pages = 0; cursor !== null && pages < 9; pages++) {
    const { body } = await asAdmin(`GET /ops/dead-letters?limit=3${cursor && `&cursor=${cursor}`}`);
    told.push(...numbersIn(body));
    cursor = body.nextCursor;
  }
  deepStrictEqual(told, [19, 18, 17, 16, 15, 14, 3, 2, 1]);
});

test('a service that is away is named, and the others are told all the same', async (t) => {
  const order = await aService(t, { 'GET /ops/sagas': page(1) });
  const payment = await aService(t);
  payment.goAway();
  const { asAdmin } = await aShop(t, { order: order.url, payment: payment.url });
  const { status, body } = await asAdmin('GET /ops/sagas');
  deepStrictEqual([status, numbersIn(body), body.unavailable], [200, [1], ['payment']]);
});

test('another replica answers for one that is away', async (t) => {
  const [gone, alive] = [await aService(t), await aService(t, { 'GET /ops/sagas': page(1) })];
  gone.goAway();
  const { asAdmin } = await aShop(t, { order: [gone.url, alive.url] });
  deepStrictEqual(numbersIn((await asAdmin('GET /ops/sagas')).body), [1]);
});

test('a refusal of the services is passed on, and a cursor that is none is refused', async (t) => {
  const refusal = { code: 'invalid_request', detail: 'No.', errors: [{ path: '?limit', message: 'must be <= 100' }] };
  const order = await aService(t, { 'GET /ops/sagas?limit=1000': withStatus(400, refusal) });
  const { asAdmin } = await aShop(t, { order: order.url });
  const { status, body } = await asAdmin('GET /ops/sagas?limit=1000');
  deepStrictEqual([status, body.code, body.errors], [400, 'invalid_request', refusal.errors]);
  for (const cursor of ['x', cursorAfter('x'), Buffer.from(idOf(1)).toString('base64url')]) {
    deepStrictEqual((await asAdmin(`GET /ops/sagas?cursor=${cursor}`)).body.code, 'bad_cursor');
  }
});

test('one saga or dead letter is told by the service that knows it', async (t) => {
  const order = await aService(t);
  const payment = await aService(t, { [`GET /ops/dead-letters/${idOf(3)}`]: { id: idOf(3), attempts: 5 } });
  const { asAdmin } = await aShop(t, { order: order.url, payment: payment.url });
  deepStrictEqual(await asAdmin(`GET /ops/dead-letters/${idOf(3)}`), {
    status: 200,
    body: { id: idOf(3), attempts: 5 },
  });
  deepStrictEqual((await asAdmin(`GET /ops/dead-letters/${idOf(4)}`)).body.code, 'not_found');
  strictEqual((await asAdmin('GET /ops/dead-letters/nothing')).status, 404);
  payment.goAway();
  strictEqual((await asAdmin(`GET /ops/dead-letters/${idOf(4)}`)).status, 503);
});

test('retry, replay and discard go to the owner and to nobody else', async (t) => {
  const accepted = withStatus(202, { id: idOf(3) });
  const order = await aService(t, {
    [`GET /ops/sagas/${idOf(3)}`]: { id: idOf(3) },
    [`POST /ops/sagas/${idOf(3)}/retry`]: accepted,
  });
  const payment = await aService(t, {
    [`GET /ops/dead-letters/${idOf(3)}`]: { id: idOf(3) },
    [`POST /ops/dead-letters/${idOf(3)}/replay`]: withStatus(409, { code: 'not_dead', detail: 'It waits.' }),
    [`DELETE /ops/dead-letters/${idOf(3)}`]: accepted,
  });
  const { asAdmin } = await aShop(t, { order: order.url, payment: payment.url });
  deepStrictEqual(await asAdmin(`POST /ops/sagas/${idOf(3)}/retry`), { status: 202, body: { id: idOf(3) } });
  strictEqual((await asAdmin(`DELETE /ops/dead-letters/${idOf(3)}`)).status, 202);
  const refused = await asAdmin(`POST /ops/dead-letters/${idOf(3)}/replay`);
  deepStrictEqual([refused.status, refused.body.code], [409, 'not_dead']);
  strictEqual(
    payment.seen.some((call) => call.includes('retry')),
    false,
  );
  strictEqual(
    order.seen.some((call) => call.startsWith('DELETE') || call.includes('replay')),
    false,
  );
});

test('the services are told with their replicas, as they are now', async (t) => {
  const breakers = [{ name: 'carrier', state: 'open', failureRate: 0.6 }];
  const ready = await aService(t, { 'GET /readyz': { status: 'ready' }, 'GET /ops/breakers': { items: breakers } });
  const starting = await aService(t, { 'GET /readyz': withStatus(503, { status: 'starting', checks: {} }) });
  const gone = await aService(t);
  gone.goAway();
  const { asAdmin } = await aShop(t, { shipping: [ready.url, gone.url], order: starting.url });
  const { body } = await asAdmin('GET /ops/services');
  const common = { pid: 7, version: '1.0.0', startedAt: '1970-01-01T00:00:00.000Z' };
  deepStrictEqual(body.items, [
    {
      service: 'shipping',
      status: 'ready',
      replicas: [
        { replica: 'shipping-1', url: ready.url, status: 'ready', breakers, ...common },
        { replica: 'shipping-2', url: gone.url, status: 'down', breakers: [], ...common },
      ],
    },
    {
      service: 'order',
      status: 'starting',
      replicas: [{ replica: 'order-1', url: starting.url, status: 'starting', breakers: [], ...common }],
    },
  ]);
});

test('a replica that drains is asked only while no other is ready, one that starts or is down never', async (t) => {
  const [leaving, fresh] = [
    await aService(t, { 'GET /v1/products': {} }),
    await aService(t, { 'GET /v1/products': {} }),
  ];
  const statuses: ReplicaStatus[] = ['draining', 'starting'];
  const services = () => {
    const [shop] = replicasOf({ product: [leaving.url, fresh.url] });
    return [{ ...shop!, replicas: shop!.replicas.map((replica, at) => ({ ...replica, status: statuses[at]! })) }];
  };
  const { ask } = await aShop(t, {}, { services });
  const reads = ({ seen }: typeof fresh) => seen.filter((call) => call === 'GET /v1/products').length;
  const seen = () => [reads(leaving), reads(fresh)];
  strictEqual((await ask('/v1/products')).status, 200);
  deepStrictEqual(seen(), [1, 0]);
  statuses[1] = 'ready';
  for (let count = 0; count < 3; count++) strictEqual((await ask('/v1/products')).status, 200);
  deepStrictEqual(seen(), [1, 3]);
  statuses.splice(0, 2, 'down', 'starting');
  strictEqual((await ask('/v1/products')).status, 503);
  deepStrictEqual(seen(), [1, 3]);
});

test('a replica without an address is told as it is known', async (t) => {
  const [shop] = replicasOf({ product: ['', ''] });
  const replicas = shop!.replicas.map((one, at) => ({ ...one, status: (['starting', 'down'] as const)[at]! }));
  const { asAdmin } = await aShop(t, {}, { services: () => [{ service: 'product', replicas }] });
  const [product] = (await asAdmin('GET /ops/services')).body.items;
  deepStrictEqual(
    [product.status, product.replicas.map(({ status }: Told) => status)],
    ['starting', ['starting', 'down']],
  );
});

test('the gateway is ready once every service has been, and stays so when one goes away', async (t) => {
  const answers: Record<string, unknown> = {};
  const [order, user] = [await aService(t, answers), await aService(t, { 'GET /readyz': { status: 'ready' } })];
  const { ask } = await aShop(t, { order: order.url, user: user.url });
  strictEqual((await ask('/readyz')).status, 503);
  answers['GET /readyz'] = { status: 'ready' };
  const giveUpAt = performance.now() + 5_000;
  while ((await ask('/readyz')).status !== 200) ok(performance.now() < giveUpAt);
  user.goAway();
  strictEqual((await ask('/readyz')).status, 200);
});

test('operations are for administrators', async (t) => {
  const { ask } = await aShop(t, {});
  strictEqual((await ask('/ops/services')).status, 401);
  strictEqual((await ask('/ops/services', { headers: { authorization: 'Bearer alice' } })).status, 403);
});

function aSandbox(): SandboxControl & { faults: Record<string, unknown> } {
  const faults: Record<string, unknown> = {
    cardProcessor: { mode: 'none', rate: 0 },
    carrier: { mode: 'none', rate: 0 },
  };
  return {
    faults,
    read: () => ({ ...faults, charges: [], bookings: [] }) as never,
    set: (given) => void Object.assign(faults, given),
  };
}

test('the sandbox is read and set while it is in use', async (t) => {
  const sandbox = aSandbox();
  const { asAdmin } = await aShop(t, {}, { sandbox });
  const slow = { mode: 'slow', rate: 0.5, delayMs: 200 };
  const { status, body } = await asAdmin('PUT /ops/sandbox', { carrier: slow });
  deepStrictEqual([status, body], [200, { cardProcessor: { mode: 'none', rate: 0 }, carrier: slow }]);
  deepStrictEqual((await asAdmin('GET /ops/sandbox')).body.charges, []);
  const without = await aShop(t, {});
  strictEqual((await without.asAdmin('GET /ops/sandbox')).status, 404);
  strictEqual((await without.asAdmin('PUT /ops/sandbox', { carrier: slow })).status, 404);
});

test('a fault that is none is refused with all that is wrong', async (t) => {
  const sandbox = aSandbox();
  const { asAdmin } = await aShop(t, {}, { sandbox });
  const wrong: [unknown, string[]][] = [
    [[], ['/']],
    [{}, ['/']],
    [{ weather: { mode: 'none' } }, ['/weather']],
    [{ carrier: 'none' }, ['/carrier']],
    [{ carrier: { rate: 1 } }, ['/carrier/mode']],
    [
      { carrier: { mode: 'rain', rate: 2, delayMs: 0.5, extra: 1 } },
      ['/carrier/mode', '/carrier/rate', '/carrier/delayMs', '/carrier/extra'],
    ],
    [{ carrier: { mode: 'none', constructor: 1 } }, ['/carrier/constructor']],
    [{ cardProcessor: { mode: 'slow', rate: '1' } }, ['/cardProcessor/rate']],
  ];
  for (const [given, paths] of wrong) {
    const { status, body } = await asAdmin('PUT /ops/sandbox', given);
    deepStrictEqual([status, body.errors?.map(({ path }: { path: string }) => path)], [400, paths]);
  }
  deepStrictEqual(sandbox.faults['carrier'], { mode: 'none', rate: 0 });
});

test('what is sent to an operation that is all said by its path is refused, and nothing is done', async (t) => {
  const order = await aService(t, { 'GET /ops/projections': { items: [{ name: 'order.orders' }] } });
  const { asAdmin } = await aShop(t, { order: order.url });
  for (const call of [
    `POST /ops/sagas/${idOf(1)}/retry`,
    `POST /ops/dead-letters/${idOf(1)}/replay`,
    `DELETE /ops/dead-letters/${idOf(1)}`,
    'POST /ops/projections/order.orders/rebuild',
    'POST /ops/events/republish?service=order',
    'POST /ops/archive',
  ]) {
    const { status, body } = await asAdmin(call, { from: 7 });
    deepStrictEqual([status, body.errors[0].path], [400, '/from'], call);
    strictEqual((await asAdmin(call, [])).status, 400);
  }
  deepStrictEqual(
    order.seen.filter((call) => call.includes('/ops/')),
    [],
  );
});
