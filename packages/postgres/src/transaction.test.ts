import { deepStrictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { RANK, Transaction, type WriteBuffer } from './transaction.ts';

const aBuffer = (name: string, rank: number): WriteBuffer => ({
  ...{ name, rank },
  mark: () => 0,
  restore: () => {},
  flush: () => [],
});

test('schedule 3.9: of one rank, too, everybody locks in the same order, that of the names', () => {
  const orders = [
    ['users', 'accounts', 'inbox'],
    ['inbox', 'accounts', 'users'],
  ].map((names) => {
    const transaction = new Transaction();
    for (const name of names)
      transaction.buffer({}, () => aBuffer(name, name === 'inbox' ? RANK.inbox : RANK.aggregates));
    return transaction.inLockOrder().map(({ name }) => name);
  });
  deepStrictEqual(orders, [
    ['inbox', 'accounts', 'users'],
    ['inbox', 'accounts', 'users'],
  ]);
});
