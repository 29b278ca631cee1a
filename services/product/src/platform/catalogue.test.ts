import { deepStrictEqual, notStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { databaseMissing } from '@ashlar/postgres';
import { aProductService, MUG } from './product-service.fixtures.ts';

const shop = aProductService();
const stored = { skip: databaseMissing };
const patch = (id: string, body: object, headers = {}) =>
  shop.call(`/v1/products/${id}`, { method: 'PATCH', by: 'admin', body, headers });
const archive = (id: string, headers = {}) =>
  shop.call(`/v1/products/${id}`, { method: 'DELETE', by: 'admin', headers });
const told = (id: string) =>
  shop.published.filter(({ key }) => key === id).map(({ type, data }) => ({ type, ...(data as object) }));

test('a new product is there under its address, and others are told of it', stored, async () => {
  const response = await shop.call('/v1/products', { method: 'POST', by: 'admin', body: MUG });
  strictEqual(response.statusCode, 201);
  const product = response.json();
  strictEqual(response.headers['location'], `/v1/products/${product.id}`);
  strictEqual(response.headers['etag'], '"1"');
  const { id, createdAt, updatedAt, ...rest } = product;
  deepStrictEqual(rest, { ...MUG, status: 'active', version: 1 });
  strictEqual(createdAt, updatedAt);
  const { sku, name, price } = MUG;
  deepStrictEqual(told(id), [{ type: 'product.ProductCreated.v1', productId: id, sku, name, price, version: 1 }]);
  deepStrictEqual((await shop.call(`/v1/products/${id}`)).json(), product);
});

test('a SKU is taken once, also by two at the same moment', stored, async () => {
  const again = await shop.call('/v1/products', { method: 'POST', by: 'admin', body: MUG });
  deepStrictEqual([again.statusCode, again.json().code], [409, 'sku_taken']);
  const body = { ...MUG, sku: 'RACE-1' };
  const race = await Promise.all(
    [1, 2, 3, 4].map((n) =>
      shop.call('/v1/products', { method: 'POST', by: 'admin', body, headers: { 'idempotency-key': `race${n}` } }),
    ),
  );
  deepStrictEqual(race.map(({ statusCode }) => statusCode).sort(), [201, 409, 409, 409]);
  strictEqual(race.find(({ statusCode }) => statusCode === 409)?.json().code, 'sku_taken');
});

test('a key is answered once', stored, async () => {
  const request = {
    method: 'POST',
    by: 'admin',
    body: { ...MUG, sku: 'ONCE-1' },
    headers: { 'idempotency-key': 'once' },
  } as const;
  const first = await shop.call('/v1/products', request);
  const second = await shop.call('/v1/products', request);
  deepStrictEqual([second.statusCode, second.body, second.headers['idempotency-replayed']], [201, first.body, 'true']);
});

test('only administrators do so', stored, async () => {
  strictEqual((await shop.call('/v1/products', { method: 'POST', body: MUG })).statusCode, 401);
  strictEqual((await shop.call('/v1/products', { method: 'POST', by: 'customer', body: MUG })).statusCode, 403);
});

test('what cannot be a product is refused', stored, async () => {
  const price = (amount: number) => ({ price: { amount, currency: 'USD' } });
  const wrong = [
    { sku: '' },
    { sku: 'two words' },
    { sku: 'x'.repeat(65) },
    { name: '  ' },
    { name: 'x'.repeat(201) },
    { name: 'a\nb' },
    { description: 'x'.repeat(5_001) },
    { category: '' },
    { category: 'x'.repeat(101) },
    price(0),
    price(1.5),
    price(1e12 + 1),
    { color: 'red' },
  ];
  for (const fault of wrong) {
    const response = await shop.call('/v1/products', {
      method: 'POST',
      by: 'admin',
      body: { ...MUG, sku: 'WRONG', ...fault },
    });
    strictEqual(response.statusCode, 400, JSON.stringify(fault));
  }
  const longest = { ...MUG, sku: '~'.repeat(64), name: '🫖'.repeat(200), description: 'é'.repeat(5_000) };
  strictEqual((await shop.call('/v1/products', { method: 'POST', by: 'admin', body: longest })).statusCode, 201);
});

test('a change is told with its version, and one that changes nothing is not', stored, async () => {
  const { id } = await shop.create({ sku: 'CHANGE-1' });
  const changed = await patch(id, { price: { amount: 1_600, currency: 'USD' }, name: 'Big mug' });
  deepStrictEqual([changed.statusCode, changed.headers['etag'], changed.json().version], [200, '"2"', 2]);
  strictEqual((await patch(id, { name: 'Big mug' })).json().version, 2);
  deepStrictEqual(
    told(id).map(({ type }) => type),
    ['product.ProductCreated.v1', 'product.ProductChanged.v1'],
  );
  strictEqual((await patch(id, {})).statusCode, 400);
  strictEqual((await patch(id, { sku: 'OTHER' })).statusCode, 400);
  const foreign = await patch(id, { price: { amount: 1, currency: 'EUR' } });
  deepStrictEqual([foreign.statusCode, foreign.json().code], [422, 'currency_mismatch']);
  strictEqual((await patch('01900000-0000-7000-8000-000000000000', { name: 'x' })).json().code, 'product_not_found');
});

test('whoever knows an older version changes nothing', stored, async () => {
  const { id } = await shop.create({ sku: 'MATCH-1' });
  strictEqual((await patch(id, { name: 'Second' }, { 'if-match': '"1"' })).statusCode, 200);
  const late = await patch(id, { name: 'Third' }, { 'if-match': '"1"' });
  deepStrictEqual([late.statusCode, late.json().code], [412, 'precondition_failed']);
  strictEqual((await archive(id, { 'if-match': '"1"' })).statusCode, 412);
  strictEqual((await shop.call(`/v1/products/${id}`)).json().name, 'Second');
});

test('of many changes at once none is lost', stored, async () => {
  const { id } = await shop.create({ sku: 'MANY-1' });
  const answers = await Promise.all([1, 2, 3, 4, 5].map((n) => patch(id, { name: `Name ${n}` })));
  deepStrictEqual(
    answers.map(({ statusCode }) => statusCode),
    [200, 200, 200, 200, 200],
  );
  deepStrictEqual(answers.map((answer) => answer.json().version).sort(), [2, 3, 4, 5, 6]);
});

test('an archived product is read by id, is in no list but the archive, and stays as it is', stored, async () => {
  const { id } = await shop.create({ sku: 'OLD-1', name: 'Ancient teapot' });
  strictEqual((await archive(id)).statusCode, 204);
  strictEqual((await archive(id)).statusCode, 204);
  deepStrictEqual(
    told(id).map(({ type }) => type),
    ['product.ProductCreated.v1', 'product.ProductArchived.v1'],
  );
  strictEqual((await shop.call(`/v1/products/${id}`)).json().status, 'archived');
  strictEqual((await patch(id, { name: 'New' })).json().code, 'product_archived');
  deepStrictEqual((await shop.list('search=teapot')).names, []);
  const archived = await shop.call('/v1/products?status=archived', { by: 'admin' });
  deepStrictEqual(
    archived.json().items.map((item: { name: string }) => item.name),
    ['Ancient teapot'],
  );
  strictEqual(archived.headers['cache-control'], 'private, no-store');
  strictEqual((await shop.call('/v1/products?status=archived', { by: 'customer' })).statusCode, 403);
  const stranger = await shop.call('/v1/products?status=archived');
  deepStrictEqual([stranger.statusCode, stranger.headers['www-authenticate']], [401, 'Bearer realm="ashlar"']);
});

test('a reader that knows the version gets 304, and every cache asks again', stored, async () => {
  const { id } = await shop.create({ sku: 'CACHE-1' });
  const tags = { [`/v1/products/${id}`]: `product-${id}`, '/v1/products?category=Kitchen': 'products' };
  for (const [path, tag] of Object.entries(tags)) {
    const first = await shop.call(path);
    strictEqual(first.headers['cache-tag'], tag);
    strictEqual(first.headers['cache-control'], 'public, no-cache');
    strictEqual(first.headers['cdn-cache-control'], 'public, max-age=1, stale-while-revalidate=0');
    const headers = { 'if-none-match': String(first.headers['etag']) };
    const second = await shop.call(path, { headers });
    deepStrictEqual([second.statusCode, second.body, second.headers['cache-control']], [304, '', 'public, no-cache']);
    await patch(id, { name: `Seen at ${path}` });
    const third = await shop.call(path, { headers });
    strictEqual(third.statusCode, 200);
    notStrictEqual(third.headers['etag'], first.headers['etag']);
  }
});
