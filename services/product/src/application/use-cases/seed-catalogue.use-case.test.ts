import { deepStrictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { Product } from '../../domain/entities/product.entity.ts';
import { SeedCatalogueUseCase } from './seed-catalogue.use-case.ts';

const product = (sku: string) => ({
  id: `id of ${sku}`,
  sku,
  name: sku,
  description: '',
  category: 'Things',
  price: { amount: 1, currency: 'USD' },
});

function setUp() {
  const shelf = new Map<string, Product>();
  const claimed = new Set<string>();
  const seedCatalogue = new SeedCatalogueUseCase(
    { transaction: (work) => work() },
    {
      find: async () => undefined,
      isTaken: async (sku) => shelf.has(sku),
      list: async () => [],
      portion: async () => [],
      save: async (saved) => void shelf.set(saved.state.sku, saved),
    },
    { claim: async (name) => !claimed.has(name) && claimed.add(name).has(name) },
    { now: () => new Date(0) },
  );
  const seed = (...skus: string[]) => seedCatalogue.execute({ name: 'demo', products: skus.map(product) });
  return { seed, shelf };
}

test('a catalogue is put in once, and what was taken out of it stays out', async () => {
  const { seed, shelf } = setUp();
  await seed('a', 'b');
  shelf.delete('a');
  await seed('a', 'b', 'c');
  deepStrictEqual([...shelf.keys()], ['b']);
});

test('a product that is there already keeps its place', async () => {
  const { seed, shelf } = setUp();
  const before = { state: { id: 'older' } } as Product;
  shelf.set('a', before);
  await seed('a', 'b');
  deepStrictEqual([shelf.get('a'), shelf.has('b')], [before, true]);
});
