import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { databaseMissing } from '@ashlar/postgres';
import { demoProducts } from './demo-catalogue.ts';
import { aProductService } from './product-service.fixtures.ts';

const shop = aProductService({ seed: 'demo' });
const stored = { skip: databaseMissing };

test('a shop with the demo seed opens with 24 products in 4 categories, each with its fixed id', stored, async () => {
  const { items } = (await shop.call('/v1/products?limit=100')).json();
  strictEqual(items.length, 24);
  strictEqual(new Set(items.map(({ category }: { category: string }) => category)).size, 4);
  ok(items.every(({ price }: { price: { currency: string } }) => price.currency === 'USD'));
  const byId = items.map(({ id, sku }: { id: string; sku: string }) => ({ id, sku })).reverse();
  deepStrictEqual(byId, demoProducts);
  deepStrictEqual(
    shop.published.map(({ type }) => type),
    Array(24).fill('product.ProductCreated.v1'),
  );
});

test('a shop does not get its demo products back once they are archived', stored, async () => {
  await shop.call(`/v1/products/${demoProducts[0]?.id}`, { method: 'DELETE', by: 'admin' });
  await Promise.all([shop.startAnother({ seed: 'demo' }), shop.startAnother({ seed: 'demo' })]);
  strictEqual((await shop.list('limit=100')).names.length, 23);
  strictEqual(shop.published.length, 25);
});

test('what is gone altogether does not come back either', stored, async () => {
  await shop.db.execute('delete from products where id = $1', [demoProducts[1]?.id]);
  await shop.startAnother({ seed: 'demo' });
  strictEqual((await shop.call(`/v1/products/${demoProducts[1]?.id}`)).statusCode, 404);
});

test('replicas that start at once fill the shop once', stored, async () => {
  await shop.db.execute('delete from products');
  await shop.db.execute('delete from seeds');
  shop.published.length = 0;
  await Promise.all([1, 2, 3].map(() => shop.startAnother({ seed: 'demo' })));
  deepStrictEqual([(await shop.list('limit=100')).names.length, shop.published.length], [24, 24]);
});
