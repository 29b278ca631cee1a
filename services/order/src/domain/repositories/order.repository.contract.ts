import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { aggregateRules, contractSuite, type RepositoryStage, type Rules } from '@ashlar/postgres/contract-suites';
import { Order } from '../entities/order.entity.ts';
import type { OrderFilter, OrderRepository } from './order.repository.interface.ts';

type Stage = RepositoryStage<OrderRepository>;

const at = new Date('2026-01-01T00:00:00.000Z');

function anOrder(id: string, userId = 'ada'): Order {
  const items = [{ productId: 'lamp', name: 'Lamp', quantity: 2, unitPrice: { amount: 1_900, currency: 'EUR' } }];
  const shippingAddress = { of: userId, as: 'shippingAddress', sealed: 'x' };
  return Order.place({ id, userId, currency: 'EUR', items, shippingAddress, saga: 'orchestration' }, at);
}

const orderRules: Rules<Stage> = {
  'orders of a user are listed page by page, the newest first, by status': async ({ repository }) => {
    for (const id of ['b', 'a', 'd', 'c']) await repository.save(anOrder(id));
    await repository.save(anOrder('e', 'bob'));
    const refused = (await repository.find('c'))!;
    refused.reject('out_of_stock', at);
    await repository.save(refused);
    const idsOf = async (filter: Partial<OrderFilter>) =>
      (await repository.list({ userId: 'ada', limit: 9, ...filter })).map(({ state }) => state.id).join('');
    strictEqual(await idsOf({}), 'dcba');
    strictEqual(await idsOf({ limit: 2 }), 'dc');
    strictEqual(await idsOf({ before: 'c' }), 'ba');
    strictEqual(await idsOf({ status: 'pending' }), 'dba');
    strictEqual(await idsOf({ userId: 'nobody' }), '');
  },

  'those that are fetched at once are found in that transaction': async ({ repository, transaction }) => {
    await repository.save(anOrder('a'));
    await transaction(async () => {
      await repository.prefetch(['a', 'nobody']);
      const found = [await repository.find('a'), await repository.find('nobody')];
      deepStrictEqual(
        found.map((order) => order?.state.id),
        ['a', undefined],
      );
    });
  },
};

export const orderRepositoryContract = contractSuite<Stage>(
  aggregateRules<Order, OrderRepository>({
    make: (id) => anOrder(id),
    change: (order) => order.confirm(at),
    find: (repository, id) => repository.find(id),
    tells: ['order.OrderCreated.v2', 'order.OrderChanged.v1'],
  }),
  orderRules,
);
