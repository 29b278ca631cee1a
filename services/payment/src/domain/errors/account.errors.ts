import { DomainError } from '@ashlar/domain';

export const AccountError = {
  notFound: (id: string) => new DomainError('account_not_found', 'not_found', `There is no account ${id}.`),
  notYours: () => new DomainError('forbidden', 'forbidden', 'This account belongs to someone else.'),
  exists: (currency: string) =>
    new DomainError('account_exists', 'conflict', `There is an account in ${currency} already.`),
  insufficientFunds: (available: number) =>
    new DomainError('insufficient_funds', 'conflict', `Only ${available} is available.`),
  balanceLimit: () => new DomainError('balance_limit', 'conflict', 'A balance cannot exceed 1,000,000,000,000,000.'),
  depositNotFound: (id: string) => new DomainError('deposit_not_found', 'not_found', `There is no deposit ${id}.`),
  cardProcessorAway: () => new DomainError('card_processor_away', 'unavailable', 'The card processor gave no answer.'),
  cardDeclined: () => new DomainError('card_declined', 'payment_required', 'The card was declined.'),
  captured: (orderId: string) =>
    new DomainError('payment_captured', 'conflict', `The payment of order ${orderId} has been captured.`),
};
