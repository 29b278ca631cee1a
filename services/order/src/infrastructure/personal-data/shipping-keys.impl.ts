import type { Database } from '@ashlar/postgres';
import type { ShippingKeys } from './shipping-keys.interface.ts';

export class PostgresShippingKeys implements ShippingKeys {
  constructor(private readonly db: Database) {}

  async find(userId: string): Promise<string | undefined> {
    const sql = 'select public_key as "publicKey" from shipping_keys where user_id = $1';
    const [row] = await this.db.query<{ publicKey: string }>(sql, [userId]);
    return row?.publicKey;
  }

  /** At once: what is sealed in the same transaction is sealed with it. */
  async put(userId: string, publicKey: string): Promise<void> {
    await this.db.execute(
      `insert into shipping_keys (user_id, public_key) values ($1, $2)
       on conflict (user_id) do update set public_key = excluded.public_key
       where shipping_keys.public_key <> excluded.public_key`,
      [userId, publicKey],
    );
  }

  async forget(userId: string): Promise<void> {
    await this.db.execute('delete from shipping_keys where user_id = $1', [userId]);
  }
}
