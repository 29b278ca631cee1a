import { deepStrictEqual, strictEqual, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { Product } from './product.entity.ts';

const noon = new Date('2026-01-01T12:00:00Z');
const later = new Date('2026-01-01T13:00:00Z');
const usd = (amount: number) => ({ amount, currency: 'USD' });
const draft = { id: 'p1', sku: 'MUG-1', name: ' Mug ', description: '', category: 'Kitchen', price: usd(500) };
const stored = () => Product.restore({ ...Product.create(draft, noon).state });

test('a new product is active, at version 1, and its name is tidy', () => {
  const product = Product.create(draft, noon);
  const { status, version, name } = product.state;
  deepStrictEqual({ status, version, name }, { status: 'active', version: 1, name: 'Mug' });
  deepStrictEqual(product.takeEvents(), [{ type: 'ProductCreated', product: product.state }]);
  deepStrictEqual(product.takeEvents(), []);
});

test('a change counts one version and tells the whole product', () => {
  const product = stored();
  product.change({ price: usd(600) }, later);
  strictEqual(product.state.version, 2);
  deepStrictEqual(product.state.updatedAt, later);
  deepStrictEqual(product.takeEvents(), [{ type: 'ProductChanged', product: product.state }]);
});

test('two changes before it is stored are one version', () => {
  const product = stored();
  product.change({ name: 'Cup' }, later);
  product.archive(later);
  strictEqual(product.state.version, 2);
});

test('a change to what it is already is no change', () => {
  const product = stored();
  product.change({ name: ' Mug', price: usd(500) }, later);
  strictEqual(product.state.version, 1);
  deepStrictEqual(product.takeEvents(), []);
});

test('a product keeps its currency', () => {
  throws(() => stored().change({ price: { amount: 500, currency: 'EUR' } }, later), { code: 'currency_mismatch' });
});

test('an archived product does not change any more, and archiving it again changes nothing', () => {
  const product = stored();
  product.archive(later);
  deepStrictEqual(
    product.takeEvents().map(({ type }) => type),
    ['ProductArchived'],
  );
  throws(() => product.change({ name: 'Cup' }, later), { code: 'product_archived' });
  product.archive(later);
  deepStrictEqual(product.takeEvents(), []);
});
