import type { Outbox } from '@ashlar/messaging';
import { type Database, StateTable } from '@ashlar/postgres';
import type { Product } from '../../domain/entities/product.entity.ts';
import type {
  ListedProduct,
  ProductFilter,
  ProductRepository,
} from '../../domain/repositories/product.repository.interface.ts';
import { toMessage } from './product.message-mapper.ts';
import { COLUMNS, type ProductColumns, type ProductRow, toProduct } from './product.row-mapper.ts';

const STORE = `
  insert into products (id, version, sku, name, description, category, amount, currency, status, created_at, updated_at)
  select id, version, state->>'sku', state->>'name', state->>'description', state->>'category',
    (state->'price'->>'amount')::bigint, state->'price'->>'currency', state->>'status',
    (state->>'createdAt')::timestamptz, (state->>'updatedAt')::timestamptz
  from json_to_recordset($1) as r(id text, version int, state json)
  order by id
  on conflict (id) do update
  set version = excluded.version, name = excluded.name, description = excluded.description,
    category = excluded.category, amount = excluded.amount, currency = excluded.currency, status = excluded.status,
    updated_at = excluded.updated_at
  where products.version = excluded.version - 1`;

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

export class PostgresProductRepository implements ProductRepository {
  readonly #table: StateTable<ProductColumns>;

  constructor(
    private readonly db: Database,
    private readonly outbox: Outbox,
  ) {
    const load = `select id, version, ${COLUMNS} as state from products where id = any($1)`;
    this.#table = new StateTable<ProductColumns>(db, { name: 'The product', load, store: STORE });
  }

  async find(id: string): Promise<Product | undefined> {
    const stored = await this.#table.find(id);
    return stored && toProduct(stored);
  }

  async isTaken(sku: string): Promise<boolean> {
    return (await this.db.query('select 1 from products where sku = $1', [sku])).length > 0;
  }

  async list({ search, category, status, limit, after }: ProductFilter): Promise<ListedProduct[]> {
    const values = [status, category ?? null, after?.id ?? null, limit];
    const rows = await (search === undefined
      ? this.db.query<ProductRow & { rank?: number }>(NEWEST, values)
      : this.db.query<ProductRow & { rank?: number }>(BEST, [...values, search, after?.rank ?? null]));
    return rows.map(({ rank, ...row }) => ({
      product: toProduct(row),
      position: rank === undefined ? { id: row.id } : { rank, id: row.id },
    }));
  }

  async save(product: Product): Promise<void> {
    const events = product.takeEvents();
    if (events.length === 0) return;
    const { id, version, ...state } = product.state;
    await this.db.transaction(async () => {
      await this.#table.save({ id, version: version - 1, state });
      await this.outbox.add(events.map(toMessage));
    });
  }
}
