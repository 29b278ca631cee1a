import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { Bank, HandProcessor, usd } from '../bank.fixtures.ts';
import { AccountMapper } from '../mappers/account.mapper.ts';
import { BeginDepositUseCase } from './begin-deposit.use-case.ts';
import { FinishDepositUseCase } from './finish-deposit.use-case.ts';
import { ViewDepositUseCase } from './view-deposit.use-case.ts';

const command = { accountId: 'a1', userId: 'u1', amount: usd(500), cardToken: 'tok_visa' };

async function setUp(answer: HandProcessor['answer'] = 'accepted') {
  const bank = await new Bank().withMoney(100);
  const processor = new HandProcessor();
  processor.answer = answer;
  const { accounts, deposits, clock, ids } = bank;
  const mapper = new AccountMapper();
  const jobs = { finishLater: async (depositId: string) => void bank.jobs.push(depositId) };
  return {
    bank,
    processor,
    begin: new BeginDepositUseCase(bank, { accounts, deposits, jobs, clock, ids }),
    finish: new FinishDepositUseCase(bank, { deposits, accounts, cardProcessor: processor, clock, mapper }),
    view: new ViewDepositUseCase(deposits, mapper),
  };
}

test('a deposit is written down with a job that finishes it, before the card is charged', async () => {
  const { bank, begin, processor } = await setUp();
  const depositId = await begin.execute(command);
  strictEqual((await bank.deposits.find(depositId))?.isPending, true);
  deepStrictEqual([bank.jobs, processor.charges.size, await bank.money()], [[depositId], 0, '0 of 100']);
});

test('an accepted charge puts the money on the account', async () => {
  const { bank, begin, finish } = await setUp();
  const depositId = await begin.execute(command);
  strictEqual((await finish.execute({ depositId, patient: false })).status, 'completed');
  strictEqual(await bank.money(), '0 of 600');
});

test('a deposit that is finished by two at once lets the money in once', async () => {
  const { bank, begin, finish, processor } = await setUp();
  const depositId = await begin.execute(command);
  await Promise.all([finish.execute({ depositId, patient: false }), finish.settle(depositId)]);
  await finish.settle(depositId);
  deepStrictEqual([await bank.money(), processor.charges.size], ['0 of 600', 1]);
});

test('a declined card moves nothing, and is told as a refusal', async () => {
  const { bank, begin, finish, view } = await setUp('declined');
  const depositId = await begin.execute(command);
  const { status } = await finish.execute({ depositId, patient: false });
  deepStrictEqual([status, await bank.money()], ['declined', '0 of 100']);
  await rejects(async () => view.refuseDeclined(status), { code: 'card_declined', fault: 'payment_required' });
});

test('without a clear answer the deposit stays pending; the job tries until there is one', async () => {
  const { bank, begin, finish, processor } = await setUp('unknown');
  processor.charged = true;
  const depositId = await begin.execute(command);
  strictEqual((await finish.execute({ depositId, patient: false })).status, 'pending');
  await rejects(finish.settle(depositId), { code: 'card_processor_away' });
  strictEqual(await bank.money(), '0 of 100');

  processor.answer = 'accepted';
  await finish.settle(depositId);
  deepStrictEqual([await bank.money(), [...processor.charges.keys()]], ['0 of 600', [depositId]]);
  deepStrictEqual(processor.patience, [false, true, true]);
});

test('a charge that cannot be booked yet leaves the deposit pending, for the job to book', async () => {
  const { bank, begin, finish, processor } = await setUp();
  const depositId = await begin.execute(command);
  const { execute } = bank.accounts;
  bank.accounts.execute = async () => {
    throw new Error('too many others change the account');
  };
  strictEqual((await finish.execute({ depositId, patient: false })).status, 'pending');
  await rejects(finish.settle(depositId), /too many others/);
  bank.accounts.execute = execute;
  await finish.settle(depositId);
  deepStrictEqual([await bank.money(), processor.charges.size], ['0 of 600', 1]);
});

test('the card token is forgotten once the deposit is finished', async () => {
  for (const answer of ['accepted', 'declined'] as const) {
    const { bank, begin, finish } = await setUp(answer);
    const depositId = await begin.execute(command);
    await finish.execute({ depositId, patient: false });
    strictEqual((await bank.deposits.find(depositId))?.state.cardToken, undefined);
  }
});

test('money goes to the own account only, in its currency, and up to a limit', async () => {
  const { bank, begin } = await setUp();
  await rejects(begin.execute({ ...command, accountId: 'a2' }), { code: 'account_not_found' });
  await rejects(begin.execute({ ...command, userId: 'u2' }), { code: 'forbidden' });
  await rejects(begin.execute({ ...command, amount: { amount: 1, currency: 'EUR' } }), { code: 'currency_mismatch' });
  await rejects(begin.execute({ ...command, amount: usd(1_000_000_000_000_000) }), { code: 'balance_limit' });
  deepStrictEqual(bank.jobs, []);
});

test('a deposit is seen by its owner and by administrators, under its own account', async () => {
  const { begin, view } = await setUp();
  const depositId = await begin.execute(command);
  const ids = { depositId, accountId: 'a1' };
  strictEqual((await view.execute(ids, { id: 'u1', role: 'customer' })).status, 'pending');
  strictEqual((await view.execute(ids, { id: 'root', role: 'admin' })).depositId, depositId);
  await rejects(view.execute(ids, { id: 'u2', role: 'customer' }), { code: 'forbidden' });
  await rejects(view.execute({ ...ids, accountId: 'a2' }, { id: 'u1', role: 'customer' }), {
    code: 'deposit_not_found',
  });
});

test('a deposit that nobody knows cannot be finished', async () => {
  const { finish } = await setUp();
  await rejects(finish.settle('d9'), { code: 'deposit_not_found' });
});
