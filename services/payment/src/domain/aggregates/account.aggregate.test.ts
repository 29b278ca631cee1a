import { deepStrictEqual, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { given } from '@ashlar/event-store';
import fc from 'fast-check';
import type { AccountEvent } from '../events/account.events.ts';
import { type AccountCommand, account, availableIn, reservedIn } from './account.aggregate.ts';

const opened: AccountEvent = { type: 'AccountOpened', accountId: 'a1', userId: 'u1', currency: 'USD', balance: 0 };
const deposited: AccountEvent = { type: 'MoneyDeposited', depositId: 'd1', amount: 1000, balance: 1000 };
const reserved: AccountEvent = { type: 'PaymentReserved', orderId: 'o1', amount: 700, balance: 1000 };

test('money that is reserved for one order cannot be reserved for another', () => {
  given(account, opened, deposited, reserved)
    .when({ type: 'Reserve', orderId: 'o2', amount: 400 })
    .then({ type: 'PaymentDeclined', orderId: 'o2', amount: 400, balance: 1000 });
});

test('released money can be spent again', () => {
  given(account, opened, deposited, reserved, { type: 'PaymentReleased', orderId: 'o1', amount: 700, balance: 1000 })
    .when({ type: 'Withdraw', withdrawalId: 'w1', amount: 1000 })
    .then({ type: 'MoneyWithdrawn', withdrawalId: 'w1', amount: 1000, balance: 0 });
});

test('reserving twice for the same order is done once', () => {
  given(account, opened, deposited, reserved).when({ type: 'Reserve', orderId: 'o1', amount: 700 }).then();
});

test('a capture takes what was reserved, once', () => {
  const captured: AccountEvent = { type: 'PaymentCaptured', orderId: 'o1', amount: 700, balance: 300 };
  given(account, opened, deposited, reserved).when({ type: 'Capture', orderId: 'o1' }).then(captured);
  given(account, opened, deposited, reserved, captured).when({ type: 'Capture', orderId: 'o1' }).then();
});

test('a withdrawal of more than is available is refused', () => {
  given(account, opened, deposited, reserved)
    .when({ type: 'Withdraw', withdrawalId: 'w1', amount: 301 })
    .refused('insufficient_funds');
});

test('a release gives back what was reserved, once', () => {
  const released: AccountEvent = { type: 'PaymentReleased', orderId: 'o1', amount: 700, balance: 1000 };
  given(account, opened, deposited, reserved).when({ type: 'Release', orderId: 'o1' }).then(released);
  given(account, opened, deposited, reserved, released).when({ type: 'Release', orderId: 'o1' }).then();
});

test('a card that was charged is booked, whatever the balance', () => {
  const amount = 1_000_000_000_000_000;
  given(account, opened, deposited)
    .when({ type: 'Deposit', depositId: 'd2', amount })
    .then({ type: 'MoneyDeposited', depositId: 'd2', amount, balance: amount + 1000 });
});

test('an account that was never opened takes no money', () => {
  given(account).when({ type: 'Deposit', depositId: 'd1', amount: 1 }).refused('account_not_found');
});

test('opening an account twice is done once', () => {
  given(account, opened).when({ type: 'Open', accountId: 'a1', userId: 'u1', currency: 'USD' }).then();
});

const anAmount = fc.integer({ min: 1, max: 1_000 });
const anOrderId = fc.constantFrom('o1', 'o2', 'o3');
const aCommand: fc.Arbitrary<AccountCommand> = fc.oneof(
  anAmount.map((amount) => ({ type: 'Deposit' as const, depositId: 'd1', amount })),
  anAmount.map((amount) => ({ type: 'Withdraw' as const, withdrawalId: 'w1', amount })),
  fc.record({ type: fc.constant('Reserve' as const), orderId: anOrderId, amount: anAmount }),
  fc.record({ type: fc.constantFrom('Release' as const, 'Capture' as const), orderId: anOrderId }),
);

test('whatever is asked: balance = deposits − withdrawals − captures, and 0 ≤ reserved ≤ balance', () => {
  fc.assert(
    fc.property(fc.array(aCommand, { maxLength: 40 }), (commands) => {
      const events: AccountEvent[] = [opened];
      for (const command of commands) events.push(...decided(command, events));
      const state = events.reduce(account.evolve, account.initial);
      const sum = (type: AccountEvent['type']) =>
        events.reduce((total, event) => total + (event.type === type && 'amount' in event ? event.amount : 0), 0);
      deepStrictEqual(state.balance, sum('MoneyDeposited') - sum('MoneyWithdrawn') - sum('PaymentCaptured'));
      deepStrictEqual(reservedIn(state), sum('PaymentReserved') - sum('PaymentReleased') - sum('PaymentCaptured'));
      deepStrictEqual(events.at(-1)!.balance, state.balance);
      ok(reservedIn(state) >= 0 && availableIn(state) >= 0);
    }),
  );
});

function decided(command: AccountCommand, events: readonly AccountEvent[]): AccountEvent[] {
  try {
    return account.decide(command, events.reduce(account.evolve, account.initial));
  } catch {
    return [];
  }
}

const closed: AccountEvent = { type: 'AccountClosed', balance: 0 };

test('an account is closed when nothing is in it and nothing is reserved, once', () => {
  given(account, opened).when({ type: 'Close' }).then(closed);
  given(account, opened, closed).when({ type: 'Close' }).then();
  given(account, opened, deposited).when({ type: 'Close' }).then();
  given(account, opened, deposited, reserved).when({ type: 'Close' }).then();
});

test('a closed account has nothing for anybody', () => {
  given(account, opened, closed).when({ type: 'Reserve', orderId: 'o1', amount: 1 }).then();
  given(account, opened, closed)
    .when({ type: 'Withdraw', withdrawalId: 'w1', amount: 1 })
    .refused('insufficient_funds');
});
