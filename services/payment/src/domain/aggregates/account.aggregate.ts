import { AccountError } from '../errors/account.errors.ts';
import type { AccountEvent } from '../events/account.events.ts';

export type AccountCommand =
  | { type: 'Open'; accountId: string; userId: string; currency: string }
  | { type: 'Deposit'; depositId: string; amount: number }
  | { type: 'Withdraw'; withdrawalId: string; amount: number }
  | { type: 'Reserve'; orderId: string; amount: number }
  | { type: 'Release'; orderId: string }
  | { type: 'Capture'; orderId: string }
  | { type: 'Close' };

export interface Account {
  readonly accountId: string;
  readonly userId: string;
  readonly currency: string;
  readonly balance: number;
  /** Amount by order. */
  readonly reserved: Readonly<Record<string, number>>;
  /** Its owner has left, and there is nothing in it. */
  readonly isClosed?: boolean;
}

export const MOST_BALANCE = 1_000_000_000_000_000;

const initial: Account = { accountId: '', userId: '', currency: '', balance: 0, reserved: {} };

export const reservedIn = ({ reserved }: Account): number =>
  Object.values(reserved).reduce((sum, amount) => sum + amount, 0);

export const availableIn = (account: Account): number => account.balance - reservedIn(account);

/** Nothing follows the closing of an account. */
export const isOver = ({ isClosed }: Account): boolean => isClosed === true;

export const isOpen = ({ accountId }: Account): boolean => accountId !== '';

function decide(command: AccountCommand, account: Account): AccountEvent[] {
  if (command.type === 'Open') {
    return isOpen(account) ? [] : [{ ...command, type: 'AccountOpened', balance: 0 }];
  }
  if (!isOpen(account)) throw AccountError.notFound(account.accountId);
  // Nothing is in it: what is asked for is not there. Money that comes all the same is refused loudly, by the store.
  if (account.isClosed && command.type !== 'Withdraw' && command.type !== 'Deposit') return [];
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

    case 'Close':
      return balance === 0 && reservedIn(account) === 0 ? [{ type: 'AccountClosed', balance: 0 }] : [];
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

    case 'AccountClosed':
      return { ...account, isClosed: true };

    case 'MoneyDeposited':
    case 'MoneyWithdrawn':
    case 'PaymentDeclined':
      return { ...account, balance: event.balance };
  }
}

/** A customer's money: deposits less withdrawals and captures. What one order has reserved, no other can spend. */
export const account = { initial, decide, evolve };
