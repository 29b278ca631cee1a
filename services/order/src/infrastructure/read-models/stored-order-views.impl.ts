import type { Freshness } from '@ashlar/domain';
import type { Reads } from '@ashlar/postgres';
import type { OrderView } from '../../application/ports/order-views.interface.ts';
import type { OrderFilter } from '../../domain/repositories/order.repository.interface.ts';
import { toView, VIEW_OF_STATE, type ViewRow } from './order-views.impl.ts';

/** The orders as they are stored, seen as readers see them: what every read model is a copy of. */
export class StoredOrderViews {
  constructor(private readonly reads: Pick<Reads, 'at'>) {}

  async find(id: string, freshness: Freshness): Promise<OrderView | undefined> {
    const sql = `select id, version, ${VIEW_OF_STATE} as view from orders where id = $1`;
    const [row] = await this.reads.at(freshness).query<ViewRow>(sql, [id]);
    return row && toView(row);
  }

  async list({ userId, status, before, limit }: OrderFilter, freshness: Freshness): Promise<OrderView[]> {
    const rows = await this.reads.at(freshness).query<ViewRow>(
      `select id, version, ${VIEW_OF_STATE} as view from orders
       where user_id = $1 and ($2::text is null or status = $2) and ($3::text is null or id < $3)
       order by id desc limit $4`,
      [userId, status ?? null, before ?? null, limit],
    );
    return rows.map(toView);
  }
}
