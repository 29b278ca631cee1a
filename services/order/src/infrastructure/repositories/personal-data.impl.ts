import { forgetCaller } from '@ashlar/http';
import type { Database } from '@ashlar/postgres';
import type { PersonalData } from '../../application/ports/personal-data.interface.ts';

const ERASED = JSON.stringify({ name: 'erased', line1: 'erased', city: 'erased', postalCode: 'erased', country: 'XX' });

/** Stored answers to idempotency keys, and messages that are kept for those who might ask for them again. */
export class PostgresPersonalData implements PersonalData {
  constructor(private readonly db: Database) {}

  async forget(userId: string, orderIds: readonly string[]): Promise<void> {
    await forgetCaller(this.db, userId);
    await this.#redact('order.events', 'shippingAddress', orderIds);
    await this.#redact('shipping.commands', 'address', orderIds);
  }

  /** What has not been published yet is still needed, for a moment. */
  async #redact(channel: string, field: string, orderIds: readonly string[]): Promise<void> {
    await this.db.write({
      sql: `update outbox set data = jsonb_set(data, array[$2], $3::jsonb)
            where channel = $1 and key = any($4) and data ? $2 and published_at is not null`,
      values: [channel, field, ERASED, orderIds],
    });
  }
}
