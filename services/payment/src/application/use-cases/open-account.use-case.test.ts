import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { Bank, noon, usd } from '../bank.fixtures.ts';
import { AccountMapper } from '../mappers/account.mapper.ts';
import { OpenAccountUseCase } from './open-account.use-case.ts';
import { ViewAccountUseCase } from './view-account.use-case.ts';
import { WithdrawUseCase } from './withdraw.use-case.ts';

const owner = { id: 'u1', role: 'customer' };

async function setUp() {
  const bank = await new Bank().withMoney(1_000);
  const mapper = new AccountMapper();
  return {
    bank,
    open: new OpenAccountUseCase(bank, bank.accounts, mapper, bank),
    view: new ViewAccountUseCase(bank.accounts, mapper),
    withdraw: new WithdrawUseCase(bank, bank.accounts, bank.ids),
  };
}

test('a new account is empty', async () => {
  const { open } = await setUp();
  const { id: _, ...account } = await open.execute({ userId: 'u2', currency: 'EUR' });
  const nothing = { amount: 0, currency: 'EUR' };
  const money = { balance: nothing, reserved: nothing, available: nothing };
  deepStrictEqual(account, { userId: 'u2', currency: 'EUR', ...money, version: 1, createdAt: noon });
});

test('a user has one account in each currency', async () => {
  const { open } = await setUp();
  await open.execute({ userId: 'u1', currency: 'EUR' });
  await rejects(open.execute({ userId: 'u1', currency: 'USD' }), { code: 'account_exists', fault: 'conflict' });
});

test('what is reserved is on the balance, and not available', async () => {
  const { bank, view } = await setUp();
  await bank.reserve.execute({ orderId: 'o1', userId: 'u1', amount: usd(700), saga: 'orchestration' });
  const { balance, reserved, available } = await view.execute('a1', owner);
  deepStrictEqual([balance, reserved, available], [usd(1_000), usd(700), usd(300)]);
});

test('an account is seen by its owner and by administrators', async () => {
  const { view } = await setUp();
  strictEqual((await view.execute('a1', { id: 'root', role: 'admin' })).id, 'a1');
  await rejects(view.execute('a1', { id: 'u2', role: 'customer' }), { code: 'forbidden' });
  await rejects(view.entries('a1', { id: 'u2', role: 'customer' }, { limit: 9 }), { code: 'forbidden' });
  await rejects(view.execute('a2', owner), { code: 'account_not_found' });
});

test('an account was not there before it was opened', async () => {
  const { view } = await setUp();
  const before = new Date(noon.getTime() - 1);
  await rejects(view.execute('a1', owner, before), { code: 'account_not_found' });
  deepStrictEqual(await view.list('u1', { limit: 9, asOf: before }), []);
  strictEqual((await view.list('u1', { limit: 9 })).length, 1);
});

test('the entries of an account are its events, the newest first, with the balance after each', async () => {
  const { bank, view, withdraw } = await setUp();
  await bank.reserve.execute({ orderId: 'o1', userId: 'u1', amount: usd(700), saga: 'orchestration' });
  await withdraw.execute({ accountId: 'a1', userId: 'u1', amount: usd(200) });
  const entries = await view.entries('a1', owner, { limit: 3 });
  deepStrictEqual(
    entries.map(({ type, amount, balanceAfter, orderId, version }) => [
      type,
      amount.amount,
      balanceAfter.amount,
      orderId,
      version,
    ]),
    [
      ['MoneyWithdrawn', 200, 800, undefined, 4],
      ['PaymentReserved', 700, 1_000, 'o1', 3],
      ['MoneyDeposited', 1_000, 1_000, undefined, 2],
    ],
  );
});

test('a withdrawal takes what is available, and no more', async () => {
  const { bank, withdraw } = await setUp();
  await bank.reserve.execute({ orderId: 'o1', userId: 'u1', amount: usd(700), saga: 'orchestration' });
  await rejects(withdraw.execute({ accountId: 'a1', userId: 'u1', amount: usd(301) }), { code: 'insufficient_funds' });
  deepStrictEqual((await withdraw.execute({ accountId: 'a1', userId: 'u1', amount: usd(300) })).balance, usd(700));
});

test('money is withdrawn from the own account only, and in its currency', async () => {
  const { withdraw } = await setUp();
  await rejects(withdraw.execute({ accountId: 'a1', userId: 'u2', amount: usd(1) }), { code: 'forbidden' });
  await rejects(withdraw.execute({ accountId: 'a2', userId: 'u1', amount: usd(1) }), { code: 'account_not_found' });
  const euros = { amount: 1, currency: 'EUR' };
  await rejects(withdraw.execute({ accountId: 'a1', userId: 'u1', amount: euros }), { code: 'currency_mismatch' });
});
