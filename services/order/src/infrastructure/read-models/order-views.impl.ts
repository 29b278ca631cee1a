import type { Reader } from '@ashlar/postgres';
import type { OwnFacts, WholeRow } from '@ashlar/projection';
import type { OrderView, OrderViews, ViewedOrder } from '../../application/ports/order-views.interface.ts';
import type { OrderFilter } from '../../domain/repositories/order.repository.interface.ts';

export const ORDER_VIEWS = {
  name: 'order.orders',
  version: 1,
  tables: `create table order_views (
    id text primary key,
    version int not null,
    user_id text not null,
    status text not null,
    view jsonb not null
  ) with (fillfactor = 50);
  create index order_views_by_user on order_views (user_id, id)`,
} as const;

/** How a state is seen, as the mapper of the application says it: without what only the order itself needs. */
export const VIEW_OF_STATE = `(state - 'currency' - 'saga')`;

const PORTION = 5_000;

/** The orders themselves, once more. */
export const storedOrders: OwnFacts = {
  async portion(after, write) {
    const rows = await write<{ id: string }>(
      `with portion as (select id, version, user_id, status, state from orders where id > $1 order by id limit $2),
       written as (
         insert into order_views as v (id, version, user_id, status, view)
         select id, version, user_id, status, ${VIEW_OF_STATE} from portion
         on conflict (id) do update
         set version = excluded.version, status = excluded.status, view = excluded.view
         where v.version < excluded.version
       )
       select id from portion order by id desc limit 1`,
      [after ?? '', PORTION],
    );
    return rows[0]?.id;
  },
};

export interface ViewRow {
  readonly id: string;
  readonly version: number;
  readonly view: Omit<ViewedOrder, 'id'>;
}

export const toView = ({ id, version, view }: ViewRow): OrderView => ({ version, order: { id, ...view } });

/** In the order of their ids: two that write the same orders do not wait for each other in a ring. */
const PUT = `
  insert into order_views as v (id, version, user_id, status, view)
  select id, version, view->>'userId', view->>'status', view
  from json_to_recordset($1) as r (id text, version int, view jsonb) order by id
  on conflict (id) do update
  set version = excluded.version, status = excluded.status, view = excluded.view
  where v.version < excluded.version`;

/** Orders as they are read, in a table of their own. */
export class PostgresOrderViews implements OrderViews {
  constructor(
    private readonly db: Reader,
    private readonly model: { put(sql: string, row: WholeRow): Promise<void> },
  ) {}

  async find(id: string): Promise<OrderView | undefined> {
    const [row] = await this.db.query<ViewRow>('select id, version, view from order_views where id = $1', [id]);
    return row && toView(row);
  }

  async list({ userId, status, before, limit }: OrderFilter): Promise<OrderView[]> {
    const rows = await this.db.query<ViewRow>(
      `select id, version, view from order_views
       where user_id = $1 and ($2::text is null or status = $2) and ($3::text is null or id < $3)
       order by id desc limit $4`,
      [userId, status ?? null, before ?? null, limit],
    );
    return rows.map(toView);
  }

  async put({ version, order: { id, ...view } }: OrderView): Promise<void> {
    await this.model.put(PUT, { id, version, view });
  }
}
