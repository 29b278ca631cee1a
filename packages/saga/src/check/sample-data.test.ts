import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { sampleData } from './sample-data.ts';

interface Order {
  readonly id: string;
  readonly items: readonly { readonly productId: string; readonly quantity: number }[];
  readonly total: { readonly amount: number };
  readonly note?: string;
  readonly placedAt: Date;
}

test('a message can be built of data that nobody has invented', async () => {
  const { id, items, total, note, placedAt } = sampleData<Order>();
  strictEqual(id, 'saga-1');
  strictEqual(items.length, 1);
  strictEqual(items.map(({ quantity }) => quantity * 2).length, 1);
  strictEqual(items.filter(({ quantity }) => quantity > 0).length, 1);
  strictEqual([...items].length, 1);
  strictEqual(total.amount + 0, 'sample0' as unknown as number);
  strictEqual(`${note?.trim()}`, 'sample');
  ok(placedAt.toISOString());
  ok(await Promise.resolve(total));
});

test('a copy of such data keeps its key', () => {
  deepStrictEqual({ ...sampleData<Order>() }, { id: 'saga-1' });
});
