import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { aggregateRules, contractSuite, type RepositoryStage, type Rules } from '@ashlar/postgres/contract-suites';
import { Deposit } from '../entities/deposit.entity.ts';
import type { DepositRepository } from './deposit.repository.interface.ts';

/** There are the accounts `a` and `b`. */
type Stage = RepositoryStage<DepositRepository>;

const at = new Date('2026-01-01T00:00:00.000Z');

const aDeposit = (depositId: string, { accountId = 'a', amount = 500 } = {}): Deposit =>
  Deposit.begin({ depositId, accountId, userId: 'ada', amount: { amount, currency: 'EUR' }, cardToken: 'tok' }, at);

const depositRules: Rules<Stage> = {
  'what is pending is added up for each account': async ({ repository }) => {
    strictEqual(await repository.pendingOf('a'), 0);
    for (const id of ['1', '2']) await repository.save(aDeposit(id));
    await repository.save(aDeposit('3', { accountId: 'b', amount: 7 }));
    strictEqual(await repository.pendingOf('a'), 1_000);
    const done = (await repository.find('1'))!;
    done.finish('completed', at);
    await repository.save(done);
    deepStrictEqual([await repository.pendingOf('a'), await repository.pendingOf('b')], [500, 7]);
  },

  'a deposit is for an account': async ({ repository }) => {
    await rejects(repository.save(aDeposit('1', { accountId: 'nobody' })), { code: '23503' });
  },

  'of many who deposit at once, each knows what is pending by then': async ({ repository, transaction }) => {
    const begin = (id: string) =>
      transaction(async () => {
        if ((await repository.pendingOf('a')) < 1_000) await repository.save(aDeposit(id));
      });
    await Promise.all(['1', '2', '3', '4', '5'].map(begin));
    strictEqual(await repository.pendingOf('a'), 1_000);
  },
};

export const depositRepositoryContract = contractSuite<Stage>(
  aggregateRules<Deposit, DepositRepository>({
    make: (id) => aDeposit(id),
    change: (deposit) => deposit.finish('declined', at),
    find: (repository, id) => repository.find(id),
    tells: [],
  }),
  depositRules,
);
