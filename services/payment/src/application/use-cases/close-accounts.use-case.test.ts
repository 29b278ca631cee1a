import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { Bank, usd } from '../bank.fixtures.ts';
import { BeginDepositUseCase } from './begin-deposit.use-case.ts';
import { CloseAccountsUseCase } from './close-accounts.use-case.ts';

async function setUp(amount: number) {
  const bank = await new Bank().withMoney(amount);
  const { accounts, deposits, clock, ids } = bank;
  const jobs = { finishLater: async (depositId: string) => void bank.jobs.push(depositId) };
  const ports = { accounts, deposits, jobs, clock, ids };
  return {
    bank,
    close: new CloseAccountsUseCase(bank, accounts, deposits),
    begin: () =>
      new BeginDepositUseCase(bank, ports).execute({
        accountId: 'a1',
        userId: 'u1',
        amount: usd(10),
        cardToken: 'tok_visa',
      }),
  };
}

test('the empty account of who leaves is closed, once, and takes nothing more', async () => {
  const { bank, close, begin } = await setUp(0);
  for (const _ of [1, 2]) await close.execute({ userId: 'u1' });
  strictEqual(bank.ledger().filter((type) => type === 'AccountClosed').length, 1);
  await rejects(begin(), { code: 'account_not_found' });
  await bank.reserve.execute({ orderId: 'o1', userId: 'u1', amount: usd(1), saga: 'orchestration' });
  deepStrictEqual([bank.said, bank.ledger().at(-1)], [['PaymentDeclined'], 'AccountClosed']);
});

test('an account with money in it, or on its way, stays', async () => {
  for (const amount of [1, 0]) {
    const { bank, close, begin } = await setUp(amount);
    if (amount === 0) await begin();
    await close.execute({ userId: 'u1' });
    strictEqual(bank.ledger().includes('AccountClosed'), false);
  }
});
