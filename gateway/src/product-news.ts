import { ProductArchived, ProductChanged, ProductCreated } from '@ashlar/contracts/product';
import type { Stop } from '@ashlar/domain';
import type { Gateway } from '@ashlar/gateway';
import { contextOf, type Overhearing } from '@ashlar/messaging';
import { runInContext } from '@ashlar/telemetry';

const TYPES: ReadonlySet<string> = new Set([ProductCreated, ProductChanged, ProductArchived].map(({ type }) => type));

/**
 * Whatever is said of a product makes its page and every list doubtful. What is not heard expires within a second. What
 * is logged of it belongs to the trace that has changed the product: the message brings its traceparent.
 */
export const purgesByNews = (news: Overhearing, gateway: Pick<Gateway, 'purge'>): Stop =>
  news.overhear([ProductChanged.channel], ({ message }) => {
    if (!TYPES.has(message.type)) return;
    runInContext(contextOf(message), () => {
      gateway.purge(`product-${message.subject}`);
      gateway.purge('products');
    });
  });
