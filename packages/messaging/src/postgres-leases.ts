import type { Database } from '@ashlar/postgres';
import { type Holder, holderName, type Lease, type Leases, type Renewal } from './leases.ts';

/** Who forgets a second of these loses nothing: nobody waits for the disk. */
const NO_WAIT = `(select set_config('synchronous_commit', 'off', true)) is not null`;

const RENEW = `
  with here as (
    insert into replicas (holder, expires_at)
    select $1, clock_timestamp() + $2 * interval '1 millisecond' where ${NO_WAIT}
    on conflict (holder) do update set expires_at = excluded.expires_at
  ), gone as (
    delete from replicas where holder <> $1 and expires_at < clock_timestamp() - interval '1 minute'
  ), kept as (
    update leases set expires_at = clock_timestamp() + $2 * interval '1 millisecond'
    where holder = $1 and expires_at > clock_timestamp()
    returning name
  )
  select coalesce((select json_agg(name) from kept), '[]') as held,
    coalesce((select json_agg(name) from leases where holder <> $1 and expires_at > clock_timestamp()), '[]') as taken,
    coalesce((select json_agg(holder) from replicas where holder <> $1 and expires_at > clock_timestamp()), '[]')
      as others,
    (select extract(epoch from min(expires_at) - clock_timestamp())::float8 * 1000 from replicas
     where holder <> $1 and expires_at > clock_timestamp()) as "expiresInMs"`;

const CLAIM = `
  with before as (select name, expires_at from leases where name = any($2)),
  taken as (
    insert into leases as l (name, holder, epoch, expires_at)
    select name, $1, 1, clock_timestamp() + $3 * interval '1 millisecond' from unnest($2::text[]) as name order by name
    on conflict (name) do update set holder = excluded.holder, epoch = l.epoch + 1, expires_at = excluded.expires_at
    where l.holder is null or l.expires_at <= clock_timestamp()
    returning name, epoch
  )
  select name, epoch, extract(epoch from clock_timestamp() - before.expires_at)::float8 * 1000 + $3 as "idleMs"
  from taken left join before using (name) order by name`;

/** Leases in a table. */
export class PostgresLeases implements Leases {
  constructor(private readonly db: Database) {}

  enter(holder: Holder): Promise<void> {
    return this.#free(`split_part(holder, '#', 1) = $1 and holder <> $2`, [holder.replica, holderName(holder)]);
  }

  bury(replica: string): Promise<void> {
    return this.#free(`split_part(holder, '#', 1) = $1`, [replica]);
  }

  async renew(holder: Holder, ttlMs: number): Promise<Renewal> {
    const [renewal] = await this.db.execute<Renewal & { held: readonly string[] }>(RENEW, [holderName(holder), ttlMs]);
    return renewal!;
  }

  async claim(holder: Holder, names: readonly string[], ttlMs: number): Promise<Lease[]> {
    const rows = await this.db.execute<{ name: string; epoch: number; idleMs: number | null }>(CLAIM, [
      holderName(holder),
      names,
      ttlMs,
    ]);
    return rows.map(({ name, epoch, idleMs }) => ({ name, epoch, ...(idleMs !== null && { idleMs }) }));
  }

  async release(holder: Holder, names: readonly string[]): Promise<void> {
    const sql = 'update leases set holder = null where holder = $1 and name = any($2)';
    await this.db.execute(sql, [holderName(holder), names]);
  }

  leave(holder: Holder): Promise<void> {
    return this.#free('holder = $1', [holderName(holder)]);
  }

  /** In the order in which leases are claimed: several may free the same. */
  async #free(whose: string, values: readonly string[]): Promise<void> {
    const locked = `select name from leases where ${whose} order by name for update`;
    await this.db.execute(`update leases set holder = null where name in (${locked})`, values);
    await this.db.execute(`delete from replicas where ${whose}`, values);
  }
}
