import { DomainError } from '@ashlar/domain';

export const OrderError = {
  notFound: (id: string) => new DomainError('order_not_found', 'not_found', `There is no order ${id}.`),
  notYours: () => new DomainError('forbidden', 'forbidden', 'This order belongs to someone else.'),
  userHasLeft: () => new DomainError('unauthenticated', 'unauthenticated', 'The user of this token has left.'),
  unknownProduct: (id: string) => new DomainError('unknown_product', 'invalid', `There is no product ${id}.`),
  productArchived: (id: string) => new DomainError('product_archived', 'invalid', `Product ${id} is no longer sold.`),
  totalTooLarge: () => new DomainError('total_too_large', 'invalid', 'An order cannot exceed 1,000,000,000,000,000.'),
  tooLate: (id: string) =>
    new DomainError('too_late', 'conflict', `It is too late: the payment of order ${id} is taken, or being taken.`),
  notCancellable: (id: string, status: string) =>
    new DomainError('not_cancellable', 'conflict', `Order ${id} is ${status} already.`),
  cannotBecome: (id: string, from: string, to: string) =>
    new DomainError('wrong_status', 'conflict', `Order ${id} is ${from}; it can no longer become ${to}.`),
};
