import type { Outbox } from '@ashlar/messaging';
import { type Database, StateTable, type Stored } from '@ashlar/postgres';
import { Order, type OrderState, type OrderStatus } from '../../domain/entities/order.entity.ts';
import type { OrderFilter, OrderRepository } from '../../domain/repositories/order.repository.interface.ts';
import { toChange, toMessage } from './order.message-mapper.ts';

type Columns = Omit<OrderState, 'id' | 'version'>;

/** A change of an order that is committed; `isTold` where others were told of it, as of each change of its status. */
export interface OrderCommit {
  readonly orderId: string;
  readonly userId: string;
  readonly version: number;
  readonly status: OrderStatus;
  readonly isTold: boolean;
}

export class PostgresOrderRepository implements OrderRepository {
  readonly #table: StateTable<Columns>;

  constructor(
    private readonly db: Database,
    private readonly outbox: Outbox,
    /** Told of each committed change of an order. */
    private readonly onChanged: (change: OrderCommit) => void,
  ) {
    this.#table = new StateTable<Columns>(db, {
      name: 'The order',
      load: 'select id, version, state from orders where id = any($1)',
      store: `insert into orders (id, version, user_id, status, state)
              select id, version, state->>'userId', state->>'status', state
              from json_to_recordset($1) as r(id text, version int, state jsonb)
              order by id
              on conflict (id) do update
              set version = excluded.version, status = excluded.status, state = excluded.state
              where expect_version(orders.version, excluded.version - 1, 'The order')`,
    });
  }

  async find(id: string): Promise<Order | undefined> {
    const stored = await this.#table.find(id);
    return stored && restore(stored);
  }

  async prefetch(ids: readonly string[]): Promise<void> {
    await this.#table.findMany(ids);
  }

  async list({ userId, status, before, limit }: OrderFilter): Promise<Order[]> {
    const rows = await this.db.query<Stored<Columns>>(
      `select id, version, state from orders
       where user_id = $1 and ($2::text is null or status = $2) and ($3::text is null or id < $3)
       order by id desc limit $4`,
      [userId, status ?? null, before ?? null, limit],
    );
    return rows.map(restore);
  }

  async save(order: Order): Promise<void> {
    const { id, version, ...state } = order.state;
    const events = order.takeEvents();
    await this.db.transaction(async () => {
      const saved = await this.#table.save({ id, version, state });
      await this.outbox.add([...events.map(toMessage), toChange(order.state, saved)]);
      const { userId, status } = state;
      const change = { orderId: id, userId, version: saved, status, isTold: events.length > 0 };
      this.db.afterCommit(() => this.onChanged(change));
    });
  }
}

const restore = ({ id, version, state }: Stored<Columns>): Order => Order.restore({ ...state, id, version });
