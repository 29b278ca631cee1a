import type { Outbox } from '@ashlar/messaging';
import { type Database, StateTable, type Stored } from '@ashlar/postgres';
import { Reservation, type ReservationState } from '../../domain/entities/reservation.entity.ts';
import type { ReservationRepository } from '../../domain/repositories/reservation.repository.interface.ts';
import { toMessage } from './reservation.message-mapper.ts';

type Columns = Omit<ReservationState, 'orderId' | 'version'>;

export class PostgresReservationRepository implements ReservationRepository {
  readonly #table: StateTable<Columns>;

  constructor(
    private readonly db: Database,
    private readonly outbox: Outbox,
  ) {
    this.#table = new StateTable<Columns>(db, {
      name: 'The reservation',
      load: 'select id, version, state from reservations where id = any($1)',
      store: `insert into reservations (id, version, status, state)
              select id, version, state->>'status', state
              from json_to_recordset($1) as r(id text, version int, state jsonb)
              order by id
              on conflict (id) do update
              set version = excluded.version, status = excluded.status, state = excluded.state
              where expect_version(reservations.version, excluded.version - 1, 'The reservation')`,
    });
  }

  async find(orderId: string): Promise<Reservation | undefined> {
    const stored = await this.#table.find(orderId);
    return stored && restore(stored);
  }

  async prefetch(orderIds: readonly string[]): Promise<readonly Reservation[]> {
    return [...(await this.#table.findMany(orderIds)).values()].map(restore);
  }

  async save(reservation: Reservation): Promise<void> {
    const { orderId, version, ...state } = reservation.state;
    await this.db.transaction(async () => {
      await this.#table.save({ id: orderId, version, state });
      await this.outbox.add(reservation.takeEvents().map(toMessage));
    });
  }
}

const restore = ({ id: orderId, version, state }: Stored<Columns>): Reservation =>
  Reservation.restore({ orderId, version, ...state });
