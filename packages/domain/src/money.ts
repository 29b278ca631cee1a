import { DomainError } from './domain-error.ts';

/** An amount in minor units: 1299 USD is $12.99. */
export interface Money {
  readonly amount: number;
  readonly currency: string;
}

export const times = (price: Money, quantity: number): Money => ({ ...price, amount: price.amount * quantity });

/** The sum of parts in one currency. Throws `currency_mismatch` for a part in another one. */
export function sum(currency: string, parts: readonly Money[]): Money {
  const other = parts.find((part) => part.currency !== currency);
  if (other) throw currencyMismatch(other.currency, currency);
  return { amount: parts.reduce((total, part) => total + part.amount, 0), currency };
}

export const currencyMismatch = (given: string, expected: string): DomainError =>
  new DomainError('currency_mismatch', 'invalid', `The amount is in ${given}; only ${expected} is taken here.`);
