import type { Outbox } from '@ashlar/messaging';
import { type Database, StateTable } from '@ashlar/postgres';
import type { Product } from '../../domain/entities/product.entity.ts';
import type {
  ListedProduct,
  ProductFilter,
  ProductRepository,
} from '../../domain/repositories/product.repository.interface.ts';
import { toMessage } from './product.message-mapper.ts';
import { LOAD, listProducts } from './product.queries.ts';
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
  where expect_version(products.version, excluded.version - 1, 'The product')`;

/** Who keeps copies of products, and has to know what becomes of them. */
export interface ProductChanges {
  /** Inside of the transaction: if it is committed, there will be this version. */
  changing(id: string, version: number): void;
  /** There is this version by now. */
  changed(id: string, version: number): void;
}

const NOBODY: ProductChanges = { changing: () => {}, changed: () => {} };

export class PostgresProductRepository implements ProductRepository {
  readonly #table: StateTable<ProductColumns>;

  constructor(
    private readonly db: Database,
    private readonly outbox: Outbox,
    private readonly changes: ProductChanges = NOBODY,
  ) {
    this.#table = new StateTable<ProductColumns>(db, { name: 'The product', load: LOAD, store: STORE });
  }

  async find(id: string): Promise<Product | undefined> {
    const stored = await this.#table.find(id);
    return stored && toProduct(stored);
  }

  async isTaken(sku: string): Promise<boolean> {
    return (await this.db.query('select 1 from products where sku = $1', [sku])).length > 0;
  }

  async list(filter: ProductFilter): Promise<ListedProduct[]> {
    return listProducts(this.db, filter);
  }

  async portion(after: string, limit: number): Promise<Product[]> {
    const rows = await this.db.query<ProductRow>(
      `select id, version, ${COLUMNS} as state from products where id > $1 order by id limit $2`,
      [after, limit],
    );
    return rows.map(toProduct);
  }

  async save(product: Product): Promise<void> {
    const events = product.takeEvents();
    if (events.length === 0) return;
    const { id, version, ...state } = product.state;
    await this.db.transaction(async () => {
      await this.#table.save({ id, version: version - 1, state });
      await this.outbox.add(events.map(toMessage));
      this.changes.changing(id, version);
      this.db.afterCommit(() => this.changes.changed(id, version));
    });
  }
}
