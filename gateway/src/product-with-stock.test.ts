import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { formatConsistencyToken } from '@ashlar/http';
import { aService, aShop, idOf, withStatus } from './shop.fixtures.ts';

test('a product is told with its stock, and without it while the inventory is away', async (t) => {
  const path = `/v1/products/${idOf(7)}`;
  const product = await aService(t, { [`GET ${path}`]: { id: idOf(7) } });
  const inventory = await aService(t, { [`GET /v1/inventory/${idOf(7)}`]: { available: 3 } });
  const { ask } = await aShop(t, { product: product.url, inventory: inventory.url });
  deepStrictEqual(await (await ask(`${path}/with-stock`)).json(), {
    product: { id: idOf(7) },
    stock: { available: 3 },
  });
  inventory.goAway();
  deepStrictEqual(await (await ask(`${path}/with-stock`)).json(), { product: { id: idOf(7) }, stock: null });
  strictEqual((await ask(`/v1/products/${idOf(8)}/with-stock`)).status, 404);
  product.goAway();
  strictEqual((await ask(`${path}/with-stock`)).status, 503);
});

const TOKEN = formatConsistencyToken({ written: [], settled: undefined, positions: new Map(), isIncomplete: false });

test('a product with its stock is as new as a Consistency-Token says, or refused', async (t) => {
  const path = `/v1/products/${idOf(7)}`;
  const late = withStatus(503, { code: 'consistency_timeout', detail: 'Not yet.' });
  const product = await aService(t, { [`GET ${path}`]: { id: idOf(7) } });
  const answers: Record<string, unknown> = { [`GET /v1/inventory/${idOf(7)}`]: { available: 3 } };
  const inventory = await aService(t, answers);
  const { ask } = await aShop(t, { product: product.url, inventory: inventory.url });
  const headers = { 'consistency-token': TOKEN };
  strictEqual((await ask(`${path}/with-stock`, { headers })).status, 200);
  deepStrictEqual([product.consistencyTokens.at(-1), inventory.consistencyTokens.at(-1)], [TOKEN, TOKEN]);
  answers[`GET /v1/inventory/${idOf(7)}`] = late;
  const refused = await ask(`${path}/with-stock`, { headers });
  deepStrictEqual([refused.status, refused.headers.get('retry-after')], [503, '1']);
  strictEqual(((await refused.json()) as { code: string }).code, 'consistency_timeout');
});

test('a Consistency-Token that is none is refused by what the gateway answers itself', async (t) => {
  const { ask } = await aShop(t, {});
  for (const path of ['/ops/services', `/v1/products/${idOf(7)}/with-stock`]) {
    const headers = { authorization: 'Bearer admin', 'consistency-token': 'none!' };
    const refused = await ask(path, { headers });
    const { code } = (await refused.json()) as { code: string };
    deepStrictEqual([refused.status, code], [400, 'bad_consistency_token']);
  }
});
