import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { contractSuite, type RepositoryStage, type Rules } from '@ashlar/postgres/contract-suites';
import type { AccountRepository } from './account.repository.interface.ts';

type Stage = RepositoryStage<AccountRepository>;

const at = new Date('2026-01-01T00:00:00.000Z');

async function open(repository: AccountRepository, accountId: string, currency = 'EUR'): Promise<boolean> {
  const isNew = await repository.open({ accountId, userId: 'ada', currency }, at);
  if (isNew) await repository.execute(accountId, { type: 'Open', accountId, userId: 'ada', currency });
  return isNew;
}

const deposit = (depositId: string, amount: number) => ({ type: 'Deposit', depositId, amount }) as const;

const ownerRules: Rules<Stage> = {
  'a user has one account in each currency': async ({ repository, elsewhere }) => {
    deepStrictEqual(
      [await open(repository, 'a'), await open(elsewhere, 'b'), await open(elsewhere, 'c', 'USD')],
      [true, false, true],
    );
    strictEqual(await repository.findIdOf('ada', 'EUR'), 'a');
    strictEqual(await repository.findIdOf('bob', 'EUR'), undefined);
    strictEqual(await repository.find('b'), undefined);
  },

  'accounts that are fetched at once are those that are found in that transaction': async (stage) => {
    const { repository, elsewhere, transaction } = stage;
    for (const [id, currency] of [
      ['a', 'EUR'],
      ['b', 'USD'],
    ] as const)
      await open(repository, id, currency);
    await repository.execute('a', deposit('d1', 5));
    await transaction(async () => {
      const owners = ['ada', 'bob'].map((userId) => ({ userId, currency: 'EUR' }));
      deepStrictEqual(await repository.findIdsOf(owners), ['a']);
      await repository.prefetch(['a', 'nobody']);
      const ids = [await repository.findIdOf('ada', 'EUR'), await repository.findIdOf('ada', 'USD')];
      deepStrictEqual([...ids, await repository.findIdOf('bob', 'EUR')], ['a', 'b', undefined]);
      strictEqual((await repository.find('a'))?.account.balance, 5);
    });
    deepStrictEqual(await elsewhere.findIdsOf([]), []);
  },

  'of many who open it at once, one does': async ({ repository, transaction }) => {
    const openers = ['a', 'b', 'c', 'd'].map((id) => transaction(() => open(repository, id)));
    deepStrictEqual((await Promise.all(openers)).filter(Boolean).length, 1);
  },

  'an account that is opened in a transaction that fails never was': async ({ repository, transaction }) => {
    const failing = transaction(async () => {
      await open(repository, 'a');
      throw new Error('refused');
    });
    await rejects(failing, /refused/);
    deepStrictEqual([await repository.find('a'), await repository.findIdOf('ada', 'EUR')], [undefined, undefined]);
  },

  'the accounts of a user are listed page by page, the oldest first': async ({ repository }) => {
    for (const [id, currency] of [
      ['b', 'EUR'],
      ['a', 'USD'],
      ['c', 'CHF'],
    ] as const)
      await open(repository, id, currency);
    deepStrictEqual(await repository.listOf('ada', { limit: 2 }), ['a', 'b']);
    deepStrictEqual(await repository.listOf('ada', { limit: 2, after: 'b' }), ['c']);
    deepStrictEqual(await repository.listOf('bob', { limit: 2 }), []);
  },
};

const moneyRules: Rules<Stage> = {
  'what is done to an account is found, wherever one looks': async ({ repository, elsewhere }) => {
    await open(repository, 'a');
    const { events, version } = await repository.execute('a', deposit('d', 500));
    deepStrictEqual([events.map(({ type }) => type), version], [['MoneyDeposited'], 2]);
    const found = await elsewhere.find('a');
    deepStrictEqual([found?.account.balance, found?.version, found?.createdAt], [500, 2, at]);
  },

  'of two who decide at once, the second decides anew, or fails': async ({ repository, elsewhere, transaction }) => {
    await open(repository, 'a');
    await repository.execute('a', deposit('d', 10));
    const withdraw = { type: 'Withdraw', withdrawalId: 'w', amount: 10 } as const;
    const late = transaction(
      async () => {
        await repository.find('a');
        await elsewhere.execute('a', withdraw);
        await repository.execute('a', { ...withdraw, withdrawalId: 'late' });
      },
      { retries: 0 },
    );
    await rejects(late, { name: 'ConcurrencyError' });
    strictEqual((await repository.find('a'))?.account.balance, 0);
  },

  'entries are listed page by page, the newest first, however many there are': async ({ repository }) => {
    await open(repository, 'a');
    for (let n = 1; n <= 25; n++) await repository.execute('a', deposit(`d${n}`, n));
    const versions = async (page: { limit: number; before?: number }) =>
      (await repository.entries('a', page)).map(({ version }) => version);
    deepStrictEqual(await versions({ limit: 3 }), [26, 25, 24]);
    deepStrictEqual(await versions({ limit: 3, before: 3 }), [2, 1]);
    const [first] = await repository.entries('a', { limit: 1, before: 2 });
    deepStrictEqual([first?.event.type, (await repository.find('a'))?.account.balance], ['AccountOpened', 325]);
  },

  'an account is found as it was: nothing before its beginning': async ({ repository }) => {
    await open(repository, 'a');
    await repository.execute('a', deposit('d', 10));
    const [deposited] = await repository.entries('a', { limit: 1 });
    strictEqual(await repository.find('a', new Date(at.getTime() - 1)), undefined);
    const opened = await repository.find('a', at);
    deepStrictEqual([opened?.version, opened?.account.balance], [1, 0]);
    strictEqual((await repository.find('a', deposited!.at))?.account.balance, 10);
  },
};

export const accountRepositoryContract = contractSuite<Stage>(ownerRules, moneyRules);
