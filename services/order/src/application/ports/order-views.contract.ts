import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { contractSuite, type RepositoryStage } from '@ashlar/postgres/contract-suites';
import type { OrderStatus } from '../../domain/entities/order.entity.ts';
import type { OrderFilter } from '../../domain/repositories/order.repository.interface.ts';
import type { OrderView, OrderViews } from './order-views.interface.ts';

const usd = (amount: number) => ({ amount, currency: 'USD' });
const home = { of: 'ada', as: 'shippingAddress', sealed: 'x' };
const TIME = '2026-01-01T12:00:00.000Z';

/** An order as its events would tell it: one entry in its timeline for each version. */
function seen(id: string, version: number, change: { status?: OrderStatus; userId?: string } = {}): OrderView {
  const item = { productId: 'cup', name: 'Cup', quantity: 2, unitPrice: usd(500) };
  const timeline = Array.from({ length: version }, (_, n) => ({ at: TIME, type: n === 0 ? 'created' : `step ${n}` }));
  const order = { id, userId: 'ada', status: 'pending' as const, items: [item], total: usd(1_000), timeline };
  return { version, order: { ...order, shippingAddress: home, createdAt: TIME, updatedAt: TIME, ...change } };
}

type Stage = RepositoryStage<OrderViews>;

/** Takes them over as events do: in the transaction of a consumer. */
const put = ({ repository, transaction }: Stage, ...views: readonly OrderView[]) =>
  transaction(async () => {
    for (const view of views) await repository.put(view);
  });

/** What each read side of the orders promises, wherever it keeps them. */
export const orderViewsContract = contractSuite<Stage>({
  'an order is read as it was told last, wherever one looks': async (stage) => {
    await put(stage, seen('a', 1));
    await put(stage, seen('a', 2, { status: 'confirmed' }));
    for (const where of [stage.repository, stage.elsewhere]) {
      deepStrictEqual(await where.find('a'), seen('a', 2, { status: 'confirmed' }));
    }
    strictEqual(await stage.repository.find('nobody'), undefined);
  },

  'what is told twice is told once, and what is older changes nothing': async (stage) => {
    await put(stage, seen('a', 3, { status: 'confirmed' }));
    for (const version of [1, 3, 2]) await put(stage, seen('a', version, { status: 'pending' }));
    deepStrictEqual(await stage.elsewhere.find('a'), seen('a', 3, { status: 'confirmed' }));
  },

  'of many events of a transaction the newest counts, in whatever order they come': async (stage) => {
    await put(stage, seen('a', 1), seen('a', 3), seen('b', 7), seen('a', 2));
    deepStrictEqual((await stage.elsewhere.find('a'))?.version, 3);
    deepStrictEqual((await stage.elsewhere.find('b'))?.version, 7);
  },

  'an order that has lost its address is read without it': async (stage) => {
    await put(stage, seen('a', 1));
    const { shippingAddress: _, ...order } = seen('a', 2).order;
    await put(stage, { version: 2, order });
    deepStrictEqual(await stage.elsewhere.find('a'), { version: 2, order });
  },

  'orders of a user are listed page by page, the newest first, by status': async (stage) => {
    await put(stage, ...['b', 'a', 'd', 'c'].map((id) => seen(id, 1)), seen('e', 1, { userId: 'bob' }));
    await put(stage, seen('c', 2, { status: 'rejected' }));
    const idsOf = async (filter: Partial<OrderFilter>) =>
      (await stage.elsewhere.list({ userId: 'ada', limit: 9, ...filter })).map(({ order }) => order.id).join('');
    strictEqual(await idsOf({}), 'dcba');
    strictEqual(await idsOf({ limit: 2 }), 'dc');
    strictEqual(await idsOf({ before: 'c' }), 'ba');
    strictEqual(await idsOf({ status: 'pending' }), 'dba');
    strictEqual(await idsOf({ userId: 'nobody' }), '');
  },
});
