import { ProductArchived, ProductChanged, ProductCreated } from '@ashlar/contracts/product';
import type { Stop } from '@ashlar/domain';
import type { Data, Overhearing } from '@ashlar/messaging';
import type { CachedProductReads } from './product-reads.impl.ts';

const TYPES: ReadonlySet<string> = new Set([ProductCreated, ProductChanged, ProductArchived].map(({ type }) => type));

/** What any replica says of a product, this one forgets. What is not heard expires. */
export const hearChanges = (news: Overhearing, reads: Pick<CachedProductReads, 'changed'>): Stop =>
  news.overhear([ProductChanged.channel], ({ message }) => {
    if (!TYPES.has(message.type)) return;
    const { productId, version } = message.data as Data<typeof ProductChanged>;
    reads.changed(productId, version);
  });
