import { AccountError } from '../errors/account.errors.ts';
import type { AccountEvent } from '../events/account.events.ts';

export type AccountCommand =
  | { type: 'Open'; accountId: string; userId: string; currency: string }
  | { type: 'Deposit'; depositId: string; amount: number }
  | { type: 'Withdraw'; withdrawalId: string; amount: number }
  | { type: 'Reserve'; orderId: string; amount: number }
  | { type: 'Release'; orderId: string }
  | { type: 'Capture'; orderId: string };

export interface Account {
  readonly accountId: string;
  readonly userId: string;
  readonly currency: string;
  readonly balance: number;
  /** Amount by order. */
  readonly reserved: Readonly<Record<string, number>>;
}

export const MOST_BALANCE = 1_000_000_000_000_000;

const initial: Account = { accountId: '', userId: '', currency: '', balance: 0, reserved: {} };

export const reservedIn = ({ reserved }: Account): number =>
  Object.values(reserved).reduce((sum, amount) => sum + amount, 0);

export const availableIn = (account: Account): number => account.balance - reservedIn(account);

export const isOpen = ({ accountId }: Account): boolean => accountId !== '';

function decide(command: AccountCommand, account: Account): AccountEvent[] {
  if (command.type === 'Open') {
    return isOpen(account) ? [] : [{ ...command, type: 'AccountOpened', balance: 0 }];
  }
  if (!isOpen(account)) throw AccountError.notFound(account.accountId);
  const { balance } = account;

  switch (command.type) {
    // The card has been charged by now: it is too late to refuse.
    case 'Deposit':
      return [{ ...command, type: 'MoneyDeposited', balance: balance + command.amount }];

    case 'Withdraw':
      if (command.amount > availableIn(account)) throw AccountError.insufficientFunds(availableIn(account));
      return [{ ...command, type: 'MoneyWithdrawn', balance: balance - command.amount }];

    // A declined payment is a fact of the ledger, not an error: the order waits for the answer.
    case 'Reserve':
      if (Object.hasOwn(account.reserved, command.orderId)) return [];
      return [
        { ...command, type: command.amount > availableIn(account) ? 'PaymentDeclined' : 'PaymentReserved', balance },
      ];

    case 'Release': {
      const amount = account.reserved[command.orderId];
      return amount === undefined ? [] : [{ ...command, type: 'PaymentReleased', amount, balance }];
    }

    case 'Capture': {
      const amount = account.reserved[command.orderId];
      return amount === undefined ? [] : [{ ...command, type: 'PaymentCaptured', amount, balance: balance - amount }];
    }
  }
}

function evolve(account: Account, event: AccountEvent): Account {
  switch (event.type) {
    case 'AccountOpened': {
      const { accountId, userId, currency } = event;
      return { ...account, accountId, userId, currency };
    }

    case 'PaymentReserved':
      return { ...account, reserved: { ...account.reserved, [event.orderId]: event.amount } };

    case 'PaymentReleased':
    case 'PaymentCaptured': {
      const { [event.orderId]: _, ...reserved } = account.reserved;
      return { ...account, reserved, balance: event.balance };
    }

    case 'MoneyDeposited':
    case 'MoneyWithdrawn':
    case 'PaymentDeclined':
      return { ...account, balance: event.balance };
  }
}

/** A customer's money: deposits less withdrawals and captures. What one order has reserved, no other can spend. */
export const account = { initial, decide, evolve };
