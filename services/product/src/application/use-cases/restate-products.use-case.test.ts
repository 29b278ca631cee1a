import { deepStrictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { Product } from '../../domain/entities/product.entity.ts';
import { type RestateProducts, RestateProductsUseCase } from './restate-products.use-case.ts';

function setUp(count: number) {
  const shelf = Array.from({ length: count }, (_, n) => {
    const id = `p${String(n).padStart(4, '0')}`;
    const price = { amount: 1, currency: 'USD' };
    return Product.create({ id, sku: id, name: id, description: '', category: 'Things', price }, new Date(0));
  });
  const restated: string[] = [];
  const asked: RestateProducts[] = [];
  const ends: [string, number][] = [];
  const restate = new RestateProductsUseCase(
    { transaction: (work) => work() },
    {
      find: async () => undefined,
      isTaken: async () => false,
      list: async () => [],
      portion: async (after, limit) => shelf.filter(({ state }) => state.id > after).slice(0, limit),
      save: async () => {},
    },
    {
      restate: async (_requestId, products) => void restated.push(...products.map(({ state }) => state.id)),
      goOn: async (next) => void asked.push(next),
      end: async (requestId, said) => void ends.push([requestId, said]),
    },
  );
  return { restate, restated, asked, ends, ids: shelf.map(({ state }) => state.id) };
}

test('all products are said again, portion by portion, and then how many these were', async () => {
  for (const count of [0, 1, 199, 200, 201, 450]) {
    const { restate, restated, asked, ends, ids } = setUp(count);
    await restate.execute({ requestId: 'r' });
    for (let next = asked.shift(); next; next = asked.shift()) await restate.execute(next);
    deepStrictEqual([restated, ends], [ids, [['r', count]]]);
  }
});
