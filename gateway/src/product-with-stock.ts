import { isUuid } from '@ashlar/domain';
import { type Answer, type Exchange, type LocalRoute, notFound, unavailable } from '@ashlar/gateway';
import { isTooOld, refusalIn, type Services } from './services.ts';

/** Two services in one answer: the product has to be there; while the inventory is away, `stock` is null. */
export const productWithStock = (services: Services): LocalRoute => ({
  method: 'GET',
  path: '/v1/products/:id/with-stock',
  access: 'public',
  handle: (exchange) => gather(services, exchange),
});

async function gather(services: Services, exchange: Exchange): Promise<Answer> {
  const { id = '' } = exchange.parameters;
  if (!isUuid(id)) throw notFound();
  const [product, stock] = await Promise.all([
    services.ask('product', { method: 'GET', path: `/v1/products/${id}`, exchange, isFresh: true }),
    services.ask('inventory', { method: 'GET', path: `/v1/inventory/${id}`, exchange, isFresh: true }),
  ]);
  if (!product) throw unavailable('The product service is away.');
  if (product.status >= 400) throw refusalIn(product);
  if (stock && isTooOld(stock)) throw refusalIn(stock);
  return {
    status: 200,
    body: { product: product.body, stock: stock?.status === 200 ? stock.body : null },
    headers: { 'cache-control': 'no-store' },
  };
}
