import { type Database, StateTable } from '@ashlar/postgres';
import { Deposit, type DepositState } from '../../domain/entities/deposit.entity.ts';
import type { DepositRepository } from '../../domain/repositories/deposit.repository.interface.ts';

type Columns = Omit<DepositState, 'depositId' | 'version'>;

export class PostgresDepositRepository implements DepositRepository {
  readonly #table: StateTable<Columns>;

  constructor(private readonly db: Database) {
    this.#table = new StateTable<Columns>(db, {
      name: 'The deposit',
      load: 'select id, version, state from deposits where id = any($1)',
      store: `insert into deposits (id, version, account_id, status, state)
              select id, version, state->>'accountId', state->>'status', state
              from json_to_recordset($1) as r(id text, version int, state jsonb)
              order by id
              on conflict (id) do update
              set version = excluded.version, status = excluded.status, state = excluded.state
              where expect_version(deposits.version, excluded.version - 1, 'The deposit')`,
    });
  }

  async pendingOf(accountId: string): Promise<number> {
    const [, [pending]] = await Promise.all([
      this.db.query('select 1 from accounts where id = $1 for no key update', [accountId]),
      this.db.query<{ sum: number }>(
        `select coalesce(sum((state->'amount'->>'amount')::bigint), 0)::bigint as sum from deposits
         where account_id = $1 and status = 'pending'`,
        [accountId],
      ),
    ]);
    return pending?.sum ?? 0;
  }

  async find(depositId: string): Promise<Deposit | undefined> {
    const stored = await this.#table.find(depositId);
    return stored && Deposit.restore({ depositId, version: stored.version, ...stored.state });
  }

  async save(deposit: Deposit): Promise<void> {
    const { depositId, version, ...state } = deposit.state;
    await this.#table.save({ id: depositId, version, state });
  }
}
