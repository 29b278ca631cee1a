import { DomainError } from '@ashlar/domain';

export const InventoryError = {
  unknownProduct: (id: string) => new DomainError('product_not_found', 'not_found', `There is no product ${id}.`),
  negativeStock: (available: number) =>
    new DomainError('negative_stock', 'conflict', `Only ${available} are there and not reserved.`),
  tooMuch: () =>
    new DomainError('stock_limit', 'conflict', 'More than 1,000,000,000,000 of a product cannot be on hand.'),
  notReserved: (orderId: string) =>
    new DomainError('not_reserved', 'conflict', `No stock is reserved for order ${orderId}.`),
};
