import type { Outbox } from '@ashlar/messaging';
import { type Database, StateTable, type Stored } from '@ashlar/postgres';
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
              where expect_version(shipments.version, excluded.version - 1, 'The shipment')`,
    });
  }

  async find(shipmentId: string): Promise<Shipment | undefined> {
    const [row] = await this.db.query<{ id: string }>('select id from shipments where shipment_id = $1', [shipmentId]);
    return row && this.findOf(row.id);
  }

  async findOf(orderId: string): Promise<Shipment | undefined> {
    const stored = await this.#table.find(orderId);
    return stored && restore(stored);
  }

  async prefetch(orderIds: readonly string[]): Promise<readonly Shipment[]> {
    return [...(await this.#table.findMany(orderIds)).values()].map(restore);
  }

  async awaitsConfirmation(shipmentId: string): Promise<boolean> {
    const rows = await this.db.query(
      `select 1 from shipments
       where shipment_id = $1 and status = 'scheduled' and (state->>'confirmed') is distinct from 'true'`,
      [shipmentId],
    );
    return rows.length > 0;
  }

  async requestsOf(userId: string): Promise<string[]> {
    const rows = await this.db.query<{ id: string }>(
      `select id from shipments where user_id = $1 and status = 'requested' order by id`,
      [userId],
    );
    return rows.map(({ id }) => id);
  }

  async save(shipment: Shipment): Promise<void> {
    const { orderId, version, ...state } = shipment.state;
    await this.db.transaction(async () => {
      await this.#table.save({ id: orderId, version, state });
      await this.outbox.add(shipment.takeEvents().map(toMessage));
    });
  }
}

const restore = ({ id: orderId, version, state }: Stored<Columns>): Shipment =>
  Shipment.restore({ orderId, version, ...state });
