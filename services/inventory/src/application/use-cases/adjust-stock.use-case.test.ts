import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { StockLevelMapper } from '../mappers/stock-level.mapper.ts';
import { Warehouse } from '../warehouse.fixtures.ts';
import { AdjustStockUseCase } from './adjust-stock.use-case.ts';
import { GetStockUseCase } from './get-stock.use-case.ts';
import { StockProductUseCase } from './stock-product.use-case.ts';

function setUp(stock: Record<string, number> = { cup: 5 }, opening: ReadonlyMap<string, number> = new Map()) {
  const warehouse = new Warehouse(stock);
  const mapper = new StockLevelMapper();
  return {
    warehouse,
    adjust: new AdjustStockUseCase(warehouse, warehouse.levels, warehouse.log, mapper),
    get: new GetStockUseCase(warehouse.levels, mapper),
    stockProduct: new StockProductUseCase(warehouse, warehouse.levels, warehouse.log, opening),
  };
}

const found = { productId: 'cup', delta: 3, reason: 'Found some', adjustedBy: 'admin' };

test('an adjustment changes what is on hand, and is kept with its reason', async () => {
  const { warehouse, adjust } = setUp();
  deepStrictEqual(await adjust.execute(found), { productId: 'cup', onHand: 8, reserved: 0, available: 8 });
  deepStrictEqual(warehouse.adjustments, [found]);
});

test('what is promised to an order cannot be taken away', async () => {
  const { warehouse, adjust } = setUp();
  await warehouse.reserve.execute({
    orderId: 'o1',
    lines: [{ productId: 'cup', quantity: 4 }],
    saga: 'orchestration',
  });
  await rejects(adjust.execute({ ...found, delta: -2 }), { code: 'negative_stock' });
  deepStrictEqual([warehouse.stock('cup'), warehouse.adjustments], ['4 of 5', []]);
  strictEqual((await adjust.execute({ ...found, delta: -1 })).available, 0);
});

test('there is a most that can be on hand', async () => {
  const { adjust } = setUp();
  await rejects(adjust.execute({ ...found, delta: 1_000_000_000_000 }), { code: 'stock_limit' });
});

test('a product that nobody has heard of is not adjusted, and not shown', async () => {
  const { adjust, get } = setUp({});
  await rejects(adjust.execute(found), { code: 'product_not_found' });
  await rejects(get.execute('cup'), { code: 'product_not_found' });
});

test('a new product gets its place in the warehouse, with nothing in it', async () => {
  const { warehouse, stockProduct, get } = setUp({});
  await stockProduct.execute({ productId: 'cup' });
  deepStrictEqual(await get.execute('cup'), { productId: 'cup', onHand: 0, reserved: 0, available: 0 });
  deepStrictEqual(warehouse.adjustments, []);
});

test('an opening stock is there from the beginning, as an adjustment, once', async () => {
  const { warehouse, stockProduct } = setUp({}, new Map([['cup', 7]]));
  for (const _ of [1, 2]) await stockProduct.execute({ productId: 'cup' });
  strictEqual(warehouse.stock('cup'), '0 of 7');
  deepStrictEqual(warehouse.adjustments, [
    { productId: 'cup', delta: 7, reason: 'Opening stock', adjustedBy: 'system' },
  ]);
});

test('a product that has its place keeps what is in it', async () => {
  const { warehouse, stockProduct } = setUp();
  await stockProduct.execute({ productId: 'cup' });
  strictEqual(warehouse.stock('cup'), '0 of 5');
});
