import type { Database, Statement } from '@ashlar/postgres';
import type { Product, ProductCatalog } from '../../application/ports/product-catalog.interface.ts';

export const CATALOGUE = {
  name: 'order.catalogue',
  version: 1,
  tables: `create table catalogue (
    product_id text primary key,
    version int not null,
    name text not null,
    price jsonb not null,
    archived boolean not null
  )`,
} as const;

/** Our own replica of the catalogue, fed by the events of products. */
export class PostgresProductCatalog implements ProductCatalog {
  constructor(
    private readonly db: Database,
    private readonly model: { write(statement: Statement): Promise<void> },
  ) {}

  async find(ids: readonly string[]): Promise<ReadonlyMap<string, Product>> {
    const rows = await this.db.query<Product>(
      'select product_id as id, version, name, price, archived from catalogue where product_id = any($1)',
      [ids],
    );
    return new Map(rows.map((product) => [product.id, product]));
  }

  async put({ id, version, name, price, archived }: Product): Promise<void> {
    await this.model.write({
      sql: `insert into catalogue (product_id, version, name, price, archived) values ($1, $2, $3, $4, $5)
            on conflict (product_id) do update
            set version = excluded.version, name = excluded.name, price = excluded.price, archived = excluded.archived
            where catalogue.version < excluded.version`,
      values: [id, version, name, JSON.stringify(price), archived],
    });
  }
}
