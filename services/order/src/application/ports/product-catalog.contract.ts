import { deepStrictEqual } from 'node:assert/strict';
import { contractSuite, type RepositoryStage } from '@ashlar/postgres/contract-suites';
import type { Product, ProductCatalog } from './product-catalog.interface.ts';

const aProduct = (id: string, version: number): Product => ({
  id,
  name: `Lamp ${version}`,
  price: { amount: 100 * version, currency: 'EUR' },
  archived: false,
  version,
});

export const productCatalogContract = contractSuite<RepositoryStage<ProductCatalog>>({
  'a product is what it was said to be last, and an older version changes nothing': async ({
    repository,
    elsewhere,
  }) => {
    await repository.put(aProduct('a', 2));
    for (const version of [1, 2]) await repository.put({ ...aProduct('a', version), name: 'late' });
    await repository.put(aProduct('b', 1));
    deepStrictEqual(
      await elsewhere.find(['a', 'b', 'nothing']),
      new Map([
        ['a', aProduct('a', 2)],
        ['b', aProduct('b', 1)],
      ]),
    );
    await repository.put({ ...aProduct('a', 3), archived: true });
    deepStrictEqual((await elsewhere.find(['a'])).get('a'), { ...aProduct('a', 3), archived: true });
  },
});
