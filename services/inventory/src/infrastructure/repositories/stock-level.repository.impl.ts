import { type Database, StateTable } from '@ashlar/postgres';
import { StockLevel, type StockLevelState } from '../../domain/entities/stock-level.entity.ts';
import type { StockLevelRepository } from '../../domain/repositories/stock-level.repository.interface.ts';

type Columns = Pick<StockLevelState, 'onHand' | 'reserved'>;

export class PostgresStockLevelRepository implements StockLevelRepository {
  readonly #table: StateTable<Columns>;

  constructor(db: Database) {
    this.#table = new StateTable<Columns>(db, {
      name: 'The stock level',
      load: `select id, version, json_build_object('onHand', on_hand, 'reserved', reserved) as state
             from stock_levels where id = any($1)`,
      store: `insert into stock_levels (id, version, on_hand, reserved)
              select id, version, (state->>'onHand')::bigint, (state->>'reserved')::bigint
              from json_to_recordset($1) as r(id text, version int, state json)
              order by id
              on conflict (id) do update
              set version = excluded.version, on_hand = excluded.on_hand, reserved = excluded.reserved
              where expect_version(stock_levels.version, excluded.version - 1, 'The stock level')`,
    });
  }

  async find(productId: string): Promise<StockLevel | undefined> {
    return (await this.findMany([productId])).get(productId);
  }

  async findMany(productIds: readonly string[]): Promise<ReadonlyMap<string, StockLevel>> {
    const stored = await this.#table.findMany(productIds);
    return new Map(
      [...stored].map(([productId, { version, state }]) => [
        productId,
        StockLevel.restore({ productId, version, ...state }),
      ]),
    );
  }

  async save(level: StockLevel): Promise<void> {
    const { productId, version, onHand, reserved } = level.state;
    await this.#table.save({ id: productId, version, state: { onHand, reserved } });
  }
}
