import type { Outbox } from '@ashlar/messaging';
import { type Database, StateTable, type Stored } from '@ashlar/postgres';
import { Payment, type PaymentState } from '../../domain/entities/payment.entity.ts';
import type { PaymentRepository } from '../../domain/repositories/payment.repository.interface.ts';
import { toMessage } from './payment.message-mapper.ts';

type Columns = Omit<PaymentState, 'orderId' | 'version'>;

export class PostgresPaymentRepository implements PaymentRepository {
  readonly #table: StateTable<Columns>;

  constructor(
    private readonly db: Database,
    private readonly outbox: Outbox,
  ) {
    this.#table = new StateTable<Columns>(db, {
      name: 'The payment',
      load: 'select id, version, state from payments where id = any($1)',
      store: `insert into payments (id, version, status, state)
              select id, version, state->>'status', state
              from json_to_recordset($1) as r(id text, version int, state jsonb)
              order by id
              on conflict (id) do update
              set version = excluded.version, status = excluded.status, state = excluded.state
              where expect_version(payments.version, excluded.version - 1, 'The payment')`,
    });
  }

  async find(orderId: string): Promise<Payment | undefined> {
    const stored = await this.#table.find(orderId);
    return stored && restore(stored);
  }

  async prefetch(orderIds: readonly string[]): Promise<readonly Payment[]> {
    return [...(await this.#table.findMany(orderIds)).values()].map(restore);
  }

  async save(payment: Payment): Promise<void> {
    const { orderId, version, ...state } = payment.state;
    await this.db.transaction(async () => {
      await this.#table.save({ id: orderId, version, state });
      await this.outbox.add(payment.takeEvents().map(toMessage));
    });
  }
}

const restore = ({ id: orderId, version, state }: Stored<Columns>): Payment =>
  Payment.restore({ orderId, version, ...state });
