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

  async leave(userId: string): Promise<void> {
    await this.db.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [lockOf(userId)]);
    await this.db.write({
      sql: 'insert into gone_users (user_id, at) values ($1, clock_timestamp()) on conflict do nothing',
      values: [userId],
    });
  }

  /** Asked in one breath, and answered in this order: who has waited for the lock sees what was committed meanwhile. */
  async hasLeft(userId: string): Promise<boolean> {
    const [, gone] = await Promise.all([
      this.db.query('select pg_advisory_xact_lock_shared(hashtextextended($1, 0))', [lockOf(userId)]),
      this.db.query('select 1 from gone_users where user_id = $1', [userId]),
    ]);
    return gone.length > 0;
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

const lockOf = (userId: string): string => `gone user ${userId}`;
