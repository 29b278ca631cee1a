import type { Outbox } from '@ashlar/messaging';
import { type Database, StateTable } from '@ashlar/postgres';
import { Shipment, type ShipmentState } from '../../domain/entities/shipment.entity.ts';
import type { ShipmentRepository } from '../../domain/repositories/shipment.repository.interface.ts';
import { toMessage } from './shipment.message-mapper.ts';

type Columns = Omit<ShipmentState, 'orderId' | 'version'>;

export class PostgresShipmentRepository implements ShipmentRepository {
  readonly #table: StateTable<Columns>;

  constructor(
    private readonly db: Database,
    private readonly outbox: Outbox,
  ) {
    this.#table = new StateTable<Columns>(db, {
      name: 'The shipment',
      load: 'select id, version, state from shipments where id = any($1)',
      store: `insert into shipments (id, version, shipment_id, user_id, status, state)
              select id, version, state->>'shipmentId', state->>'userId', state->>'status', state
              from json_to_recordset($1) as r(id text, version int, state jsonb)
              order by id
              on conflict (id) do update
              set version = excluded.version, user_id = excluded.user_id, status = excluded.status,
                state = excluded.state
              where shipments.version = excluded.version - 1`,
    });
  }

  async find(shipmentId: string): Promise<Shipment | undefined> {
    const [row] = await this.db.query<{ id: string }>('select id from shipments where shipment_id = $1', [shipmentId]);
    return row && this.findOf(row.id);
  }

  async findOf(orderId: string): Promise<Shipment | undefined> {
    const stored = await this.#table.find(orderId);
    return stored && Shipment.restore({ orderId, version: stored.version, ...stored.state });
  }

  async prefetch(orderIds: readonly string[]): Promise<void> {
    await this.#table.findMany(orderIds);
  }

  async awaitsConfirmation(shipmentId: string): Promise<boolean> {
    const rows = await this.db.query(
      `select 1 from shipments
       where shipment_id = $1 and status = 'scheduled' and (state->>'confirmed') is distinct from 'true'`,
      [shipmentId],
    );
    return rows.length > 0;
  }

  async ordersOf(userId: string): Promise<string[]> {
    const rows = await this.db.query<{ id: string }>('select id from shipments where user_id = $1 order by id', [
      userId,
    ]);
    return rows.map(({ id }) => id);
  }

  async userLeaves(userId: string): Promise<void> {
    await this.db.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [lockOf(userId)]);
    await this.db.write({
      sql: 'insert into gone_users (user_id, at) values ($1, clock_timestamp()) on conflict do nothing',
      values: [userId],
    });
  }

  /** Asked in one breath, and answered in this order: who has waited for the lock sees what was committed meanwhile. */
  async userHasLeft(userId: string): Promise<boolean> {
    const [, gone] = await Promise.all([
      this.db.query('select pg_advisory_xact_lock_shared(hashtextextended($1, 0))', [lockOf(userId)]),
      this.db.query('select 1 from gone_users where user_id = $1', [userId]),
    ]);
    return gone.length > 0;
  }

  async save(shipment: Shipment): Promise<void> {
    const { orderId, version, ...state } = shipment.state;
    await this.db.transaction(async () => {
      await this.#table.save({ id: orderId, version, state });
      await this.outbox.add(shipment.takeEvents().map(toMessage));
    });
  }
}

const lockOf = (userId: string): string => `gone user ${userId}`;
