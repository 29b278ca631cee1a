import { createHash } from 'node:crypto';
import { cursorPage, etagOf, requireIfMatch, sendWithEtag } from '@ashlar/http';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Static } from 'typebox';
import type { ProductApplication } from '../../application/product.application.ts';
import {
  archiving,
  change,
  creation,
  ListPosition,
  type ListQuery,
  list,
  reading,
  SearchPosition,
} from './product.schemas.ts';

/** Clients revalidate; a CDN may answer for a second by itself. */
const CACHEABLE = {
  'cache-control': 'public, no-cache',
  'cdn-cache-control': 'public, max-age=1, stale-while-revalidate=0',
} as const;
/** What caches forget pages by, once something is said of a product. */
const LISTS = { 'cache-tag': 'products' } as const;
const pageOf = (id: string) => ({ 'cache-tag': `product-${id}` });
const FOR_ADMINS = { 'cache-control': 'private, no-store' } as const;

const contentHash = (body: unknown): string =>
  createHash('sha256').update(JSON.stringify(body)).digest('base64url').slice(0, 22);

export const productController =
  (application: ProductApplication): FastifyPluginAsyncTypebox =>
  async (http) => {
    const { getProduct, listProducts, createProduct, changeProduct, archiveProduct } = application;

    http.get('/v1/products', list, async (request, reply) => {
      const { filter, page } = toFilter(request.query);
      const { items, nextCursor } = page.of(
        await listProducts.execute(filter, { viewer: request.callerIfAny, freshness: request.freshness }),
        ({ position }) => position,
      );
      const body = { items: items.map(({ product }) => product), nextCursor };
      reply.headers(filter.status === 'active' ? { ...CACHEABLE, ...LISTS } : FOR_ADMINS);
      return sendWithEtag(request, reply, { version: contentHash(body), body });
    });

    http.get('/v1/products/:id', reading, async (request, reply) => {
      const product = await getProduct.execute(request.params.id, request.freshness);
      return sendWithEtag(request, reply.headers({ ...CACHEABLE, ...pageOf(product.id) }), {
        version: product.version,
        body: product,
      });
    });

    http.post('/v1/products', creation, async ({ body }, reply) => {
      const product = await createProduct.execute({ description: '', ...body });
      const headers = { location: `/v1/products/${product.id}`, etag: etagOf(product.version) };
      return reply.code(201).headers(headers).send(product);
    });

    http.patch('/v1/products/:id', change, async (request, reply) => {
      const mayChange = (version: number) => requireIfMatch(request, version);
      const product = await changeProduct.execute({ id: request.params.id, changes: request.body, mayChange });
      return sendWithEtag(request, reply, { version: product.version, body: product });
    });

    http.delete('/v1/products/:id', archiving, async (request, reply) => {
      const mayChange = (version: number) => requireIfMatch(request, version);
      await archiveProduct.execute({ id: request.params.id, mayChange });
      return reply.code(204).send();
    });
  };

/** A blank search is none; a cursor of a search does not go on in a list without one. */
function toFilter({ search = '', category, status, limit, cursor }: Static<typeof ListQuery>) {
  const words = search.trim();
  const page = cursorPage({ limit, cursor }, words ? SearchPosition : ListPosition);
  const filter = {
    status,
    limit: page.fetch,
    ...(words && { search: words }),
    ...(category !== undefined && { category }),
    ...(page.after && { after: page.after }),
  };
  return { filter, page };
}
