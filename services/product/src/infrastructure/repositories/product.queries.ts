import type { Reader } from '@ashlar/postgres';
import type { ListedProduct, ProductFilter } from '../../domain/repositories/product.repository.interface.ts';
import { COLUMNS, type ProductRow, toProduct } from './product.row-mapper.ts';

export const LOAD = `select id, version, ${COLUMNS} as state from products where id = any($1)`;

const NEWEST = `
  select id, version, ${COLUMNS} as state from products
  where status = $1 and ($2::text is null or category = $2) and ($3::text is null or id < $3)
  order by id desc limit $4`;

/** `websearch_to_tsquery` takes whatever people type, and never fails. */
const BEST = `
  select id, version, rank, ${COLUMNS} as state from (
    select products.*, ts_rank_cd(search, query)::float8 as rank
    from products, websearch_to_tsquery('english', $5) as query
    where search @@ query and status = $1 and ($2::text is null or category = $2)
  ) as found
  where $3::text is null or (rank, id) < ($6::float8, $3)
  order by rank desc, id desc limit $4`;

export async function findRow(reader: Reader, id: string): Promise<ProductRow | undefined> {
  return (await reader.query<ProductRow>(LOAD, [[id]]))[0];
}

export async function listProducts(
  reader: Reader,
  { search, category, status, limit, after }: ProductFilter,
): Promise<ListedProduct[]> {
  const values = [status, category ?? null, after?.id ?? null, limit];
  const rows = await (search === undefined
    ? reader.query<ProductRow & { rank?: number }>(NEWEST, values)
    : reader.query<ProductRow & { rank?: number }>(BEST, [...values, search, after?.rank ?? null]));
  return rows.map(({ rank, ...row }) => ({
    product: toProduct(row),
    position: rank === undefined ? { id: row.id } : { rank, id: row.id },
  }));
}
