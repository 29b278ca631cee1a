import { deepStrictEqual, match, notStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Page, ProductView, StockView } from '@ashlar/cli';
import { dollars, expectStatus } from '../shop/member.ts';
import { eventually } from '../shop/waiting.ts';
import { NOBODY, refused, type StageTests, wrongPaths } from './stage.ts';

const aKettle = (sku: string = randomUUID()) => ({ sku, name: 'Kettle', category: 'kitchen', price: dollars(4_500) });

export const products: StageTests = {
  'an administrator makes a product, once for each SKU': async ({ admin }) => {
    const body = aKettle();
    const { body: product, headers } = expectStatus(201, await admin.call<ProductView>('POST /v1/products', { body }));
    strictEqual(headers['location'], `/v1/products/${product.id}`);
    const { id, version, createdAt, updatedAt, ...rest } = product;
    deepStrictEqual(rest, { ...body, description: '', status: 'active' });
    ok(id && version === 1 && createdAt === updatedAt);
    refused(await admin.call('POST /v1/products', { body }), '409 sku_taken');
  },

  'a change is made to the version that was read, or not at all': async ({ admin, api }) => {
    const { id } = await admin.makeProduct();
    const path = `/v1/products/${id}` as const;
    const etag = expectStatus(200, await api.call(`GET ${path}`)).headers['etag'] ?? '';
    const change = { body: { name: 'Mug' }, headers: { 'if-match': etag } };
    const changed = expectStatus(200, await admin.call<ProductView>(`PATCH ${path}`, change));
    strictEqual(changed.body.name, 'Mug');
    notStrictEqual(changed.headers['etag'], etag);
    refused(await admin.call(`PATCH ${path}`, change), '412 precondition_failed');
    refused(await admin.call(`DELETE ${path}`, { headers: { 'if-match': etag } }), '412 precondition_failed');
    const malformed = { 'if-match': '"1" "2"' };
    refused(await admin.call(`PATCH ${path}`, { ...change, headers: malformed }), '412 precondition_failed');
    refused(await admin.call(`DELETE ${path}`, { headers: malformed }), '412 precondition_failed');
    refused(await api.call(`GET /v1/products/${NOBODY}`), '404 product_not_found');
    refused(await admin.call(`PATCH /v1/products/${NOBODY}`, change), '404 product_not_found');
    refused(await admin.call(`DELETE /v1/products/${NOBODY}`), '404 product_not_found');
    deepStrictEqual(
      wrongPaths(
        refused(
          await admin.call(`PATCH ${path}`, { body: { price: { amount: 1.5, currency: 'USD' } } }),
          '400 invalid_request',
        ),
      ),
      ['/price/amount'],
    );
  },

  'a price that changes is soon seen by everybody, on its page and in the lists': async ({ admin, api }) => {
    const category = randomUUID();
    const { body: product } = expectStatus(
      201,
      await admin.call<ProductView>('POST /v1/products', { body: { ...aKettle(), category } }),
    );
    const path = `/v1/products/${product.id}` as const;
    const prices = async (): Promise<number[]> => {
      const list = expectStatus(200, await api.call<Page<ProductView>>(`GET /v1/products?category=${category}`)).body;
      const page = expectStatus(200, await api.call<ProductView>(`GET ${path}`)).body;
      return [page, ...list.items].map(({ price }) => price.amount);
    };
    deepStrictEqual(await prices(), [4_500, 4_500]);
    const etag = expectStatus(200, await api.call(`GET ${path}`)).headers['etag'] ?? '';
    const change = { body: { price: dollars(4_700) }, headers: { 'if-match': etag } };
    expectStatus(200, await admin.call(`PATCH ${path}`, change));
    const changedAt = performance.now();
    await eventually('both tell the new price', async () => (await prices()).every((price) => price === 4_700));
    // A second is promised; a machine that is busy elsewhere gets a few.
    ok(performance.now() - changedAt < 5_000);
  },

  'an archived product is still read by its id, is in no list but the administrators': async ({
    admin,
    api,
    alice,
  }) => {
    const { id } = await admin.makeProduct();
    expectStatus(204, await admin.call(`DELETE /v1/products/${id}`));
    strictEqual(expectStatus(200, await api.call<ProductView>(`GET /v1/products/${id}`)).body.status, 'archived');
    const isIn = (items: readonly ProductView[]) => items.some((product) => product.id === id);
    ok(!isIn(await admin.all<ProductView>('/v1/products')));
    ok(isIn(await admin.all<ProductView>('/v1/products?status=archived')));
    refused(await alice.call('GET /v1/products?status=archived'), '403 forbidden');
    refused(await api.call('GET /v1/products?status=archived'), '401 unauthenticated');
    refused(await admin.call(`PATCH /v1/products/${id}`, { body: { name: 'Mug' } }), '409 product_archived');
  },

  'products are found by their words and their category': async ({ admin, api }) => {
    const word = `x${randomUUID().slice(0, 8)}`;
    const product = await admin.makeProduct({ name: `Porcelain ${word} teapots` });
    const find = async (query: string) =>
      expectStatus(200, await api.call<Page<ProductView>>(`GET /v1/products?${query}`)).body.items;
    deepStrictEqual(
      (await find(`search=${word}`)).map(({ id }) => id),
      [product.id],
    );
    deepStrictEqual((await find(`search=${word}&category=kitchen`)).length, 1);
    deepStrictEqual((await find(`search=${word}&category=garden`)).length, 0);
    deepStrictEqual(await find(`search=no${word}`), []);
  },

  'clients revalidate what they keep of products, and a CDN is told for how long it may answer': async ({
    api,
    cup,
  }) => {
    for (const path of ['/v1/products', `/v1/products/${cup.id}`] as const) {
      const { headers } = expectStatus(200, await api.call(`GET ${path}`));
      match(headers['cache-control'] ?? '', /no-cache|max-age=0/);
      ok(headers['cdn-cache-control']);
      strictEqual((await api.call(`GET ${path}`, { headers: { 'if-none-match': headers['etag'] ?? '' } })).status, 304);
    }
  },

  'a changed product is seen by everybody within a second, and at once by whoever brings the token': async ({
    admin,
    api,
  }) => {
    const { id } = await admin.makeProduct();
    const read = async (headers = {}) =>
      (await api.call<ProductView>(`GET /v1/products/${id}`, { headers })).body.price.amount;
    const change = async (amount: number) => {
      const { headers } = expectStatus(
        200,
        await admin.call(`PATCH /v1/products/${id}`, { body: { price: dollars(amount) } }),
      );
      return headers['consistency-token'] ?? '';
    };
    await read();
    await change(2_000);
    await eventually('the change is seen', async () => (await read()) === 2_000, 1_000);
    strictEqual(await read({ 'consistency-token': await change(3_000) }), 3_000);
  },

  'stock is adjusted by administrators, and is never negative': async ({ admin, api }) => {
    const { id } = await admin.makeProduct({ pieces: 5 });
    const adjust = (delta: number, product = id) =>
      admin.call<StockView>(`POST /v1/inventory/${product}/adjustments`, { body: { delta, reason: 'count' } });
    deepStrictEqual(expectStatus(201, await adjust(3)).body, { productId: id, onHand: 8, reserved: 0, available: 8 });
    deepStrictEqual(expectStatus(201, await adjust(-8)).body, { productId: id, onHand: 0, reserved: 0, available: 0 });
    refused(await adjust(-1), '409 negative_stock');
    refused(await adjust(1, NOBODY), '404 product_not_found');
    refused(await adjust(0.5), '400 invalid_request');
    deepStrictEqual(expectStatus(200, await api.call<StockView>(`GET /v1/inventory/${id}`)).body.onHand, 0);
    refused(await api.call(`GET /v1/inventory/${NOBODY}`), '404 product_not_found');
    refused(await api.call('GET /v1/inventory/42'), '400 invalid_request');
  },
};
