import type { Database } from '@ashlar/postgres';
import type { NotedReceipt, Receipt, Receipts } from './receipts.ts';

/** Receipts in a table. */
export class PostgresReceipts implements Receipts {
  constructor(private readonly db: Database) {}

  async note(receipts: readonly Receipt[]): Promise<void> {
    if (receipts.length === 0) return;
    await this.db.execute(
      `insert into receipts (channel, place, id)
       select channel, place, id from json_to_recordset($1) as r (channel text, place bigint, id uuid)`,
      [JSON.stringify(receipts)],
    );
  }

  async all(): Promise<NotedReceipt[]> {
    return this.db.query<NotedReceipt & { id: string }>(
      `select number, channel, place, id, extract(epoch from clock_timestamp() - noted_at)::float8 * 1000 as "agoMs"
       from receipts order by number desc`,
    );
  }

  async forget(numbers: readonly number[]): Promise<void> {
    await this.db.execute('delete from receipts where number = any($1)', [numbers]);
  }

  async purge(ageMs: number): Promise<void> {
    const sql = `delete from receipts where noted_at < clock_timestamp() - $1 * interval '1 millisecond'`;
    await this.db.execute(sql, [ageMs]);
  }
}
