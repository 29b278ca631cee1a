import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { aggregateRules, contractSuite, type RepositoryStage, type Rules } from '@ashlar/postgres/contract-suites';
import { StockLevel } from '../entities/stock-level.entity.ts';
import type { StockLevelRepository } from './stock-level.repository.interface.ts';

type Stage = RepositoryStage<StockLevelRepository>;

const level = (productId: string, onHand: number, reserved = 0): StockLevel =>
  StockLevel.restore({ productId, onHand, reserved, version: 0 });

const levelRules: Rules<Stage> = {
  'more than is there is never reserved, nor less than nothing': async ({ repository }) => {
    for (const [onHand, reserved] of [
      [1, 2],
      [1, -1],
      [-1, -1],
    ] as const)
      await rejects(repository.save(level('a', onHand, reserved)), { code: '23514' });
    await repository.save(level('a', 2, 2));
    strictEqual((await repository.find('a'))?.state.reserved, 2);
  },

  'several levels are found at once, those that exist': async ({ repository }) => {
    for (const id of ['a', 'b']) await repository.save(level(id, 1));
    deepStrictEqual([...(await repository.findMany(['b', 'nothing', 'a'])).keys()].sort(), ['a', 'b']);
  },

  'three pieces are reserved three times, however many want them': async ({ repository, elsewhere, transaction }) => {
    await repository.save(level('a', 3));
    const take = (from: StockLevelRepository) => async () => {
      const found = await from.find('a');
      found!.reserve(1);
      await from.save(found!);
    };
    const takers = Array.from({ length: 5 }, () => transaction(take(repository), { retries: 100 }));
    const outcomes = await Promise.allSettled(takers);
    strictEqual(outcomes.filter(({ status }) => status === 'fulfilled').length, 3);
    deepStrictEqual((await elsewhere.find('a'))?.state.reserved, 3);
  },
};

export const stockLevelRepositoryContract = contractSuite<Stage>(
  aggregateRules<StockLevel, StockLevelRepository>({
    make: (id) => level(id, 5, 2),
    change: (found) => found.reserve(1),
    find: (repository, id) => repository.find(id),
    tells: [],
  }),
  levelRules,
);
