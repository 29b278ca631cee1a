import { deepStrictEqual, rejects } from 'node:assert/strict';
import { aggregateRules, contractSuite, type RepositoryStage, type Rules } from '@ashlar/postgres/contract-suites';
import { Product } from '../entities/product.entity.ts';
import type { ProductFilter, ProductRepository } from './product.repository.interface.ts';

type Stage = RepositoryStage<ProductRepository>;

const at = new Date('2026-01-01T00:00:00.000Z');

function aProduct(id: string, { sku = `SKU-${id}`, category = 'lamps' } = {}): Product {
  const price = { amount: 1_900, currency: 'EUR' };
  return Product.create({ id, sku, name: 'Lamp', description: 'It shines.', category, price }, at);
}

const productRules: Rules<Stage> = {
  'a SKU belongs to one product': async ({ repository, elsewhere }) => {
    await repository.save(aProduct('a', { sku: 'L-1' }));
    await rejects(elsewhere.save(aProduct('b', { sku: 'L-1' })), { code: '23505', constraint: 'products_sku' });
    deepStrictEqual([await elsewhere.isTaken('L-1'), await elsewhere.isTaken('L-2')], [true, false]);
  },

  'a product that has not changed is not stored, and tells nothing': async ({ repository, told }) => {
    await repository.save(aProduct('a'));
    await repository.save((await repository.find('a'))!);
    deepStrictEqual(told(), ['product.ProductCreated.v1']);
  },

  'all products, archived ones too, are read portion by portion, in the order of their ids': async ({ repository }) => {
    for (const id of ['b', 'a', 'd', 'c']) await repository.save(aProduct(id));
    const old = (await repository.find('c'))!;
    old.archive(at);
    await repository.save(old);
    const idsOf = async (after: string, limit: number) =>
      (await repository.portion(after, limit)).map(({ state }) => state.id).join('');
    deepStrictEqual([await idsOf('', 3), await idsOf('c', 3), await idsOf('d', 3)], ['abc', 'd', '']);
  },

  'products are listed page by page, the newest first, by status and category': async ({ repository }) => {
    for (const id of ['b', 'a', 'd', 'c']) await repository.save(aProduct(id));
    await repository.save(aProduct('e', { category: 'chairs' }));
    const old = (await repository.find('d'))!;
    old.archive(at);
    await repository.save(old);
    const idsOf = async (filter: Partial<ProductFilter>) =>
      (await repository.list({ status: 'active', limit: 9, ...filter }))
        .map(({ product }) => product.state.id)
        .join('');
    deepStrictEqual(await idsOf({}), 'ecba');
    deepStrictEqual(await idsOf({ category: 'lamps', limit: 2 }), 'cb');
    deepStrictEqual(await idsOf({ category: 'lamps', after: { id: 'b' } }), 'a');
    deepStrictEqual(await idsOf({ status: 'archived' }), 'd');
  },
};

export const productRepositoryContract = contractSuite<Stage>(
  aggregateRules<Product, ProductRepository>({
    make: (id) => aProduct(id),
    change: (product) => product.change({ name: 'Lantern' }, at),
    find: (repository, id) => repository.find(id),
    tells: ['product.ProductCreated.v1'],
  }),
  productRules,
);
