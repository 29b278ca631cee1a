import type { Database } from '@ashlar/postgres';
import type { Registrations } from './registration.ts';

export class PostgresRegistrations implements Registrations {
  constructor(private readonly db: Database) {}

  async channelsOf(consumer: string): Promise<string[]> {
    const rows = await this.db.query<{ channel: string }>('select channel from consumers where consumer = $1', [
      consumer,
    ]);
    return rows.map(({ channel }) => channel);
  }

  async add(consumer: string, channel: string): Promise<void> {
    await this.db.execute('insert into consumers (consumer, channel) values ($1, $2) on conflict do nothing', [
      consumer,
      channel,
    ]);
  }

  async keepOnly(present: readonly { readonly consumer: string; readonly channel: string }[]): Promise<void> {
    await this.db.execute(
      `delete from consumers where (consumer, channel) not in
         (select consumer, channel from json_to_recordset($1) as present(consumer text, channel text))`,
      [JSON.stringify(present)],
    );
  }
}
