import type { Clock, Ids } from '@ashlar/domain';
import type { Database } from '@ashlar/postgres';
import type { Adjustment, AdjustmentLog } from '../../application/ports/adjustment-log.interface.ts';

export class PostgresAdjustmentLog implements AdjustmentLog {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly ids: Ids,
  ) {}

  async add({ productId, delta, reason, adjustedBy }: Adjustment): Promise<void> {
    await this.db.write({
      sql: `insert into adjustments (id, product_id, delta, reason, adjusted_by, at) values ($1, $2, $3, $4, $5, $6)`,
      values: [this.ids.next(), productId, delta, reason, adjustedBy, this.clock.now()],
    });
  }
}
