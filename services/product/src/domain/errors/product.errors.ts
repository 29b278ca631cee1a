import { DomainError } from '@ashlar/domain';

export const ProductError = {
  notFound: (id: string) => new DomainError('product_not_found', 'not_found', `There is no product ${id}.`),
  skuTaken: () => new DomainError('sku_taken', 'conflict', 'There is a product with this SKU already.'),
  archived: (id: string) => new DomainError('product_archived', 'conflict', `Product ${id} is archived.`),
  archiveIsForAdmins: (viewer: object | undefined) =>
    viewer
      ? new DomainError('forbidden', 'forbidden', 'Archived products are listed for administrators only.')
      : new DomainError('unauthenticated', 'unauthenticated', 'Sign in first.'),
};
