import type { Database } from '@ashlar/postgres';

/** What a consumer has set aside. */
export interface ParkedCount {
  readonly consumer: string;
  readonly keys: number;
  readonly messages: number;
  /** When the first of these messages was said. */
  readonly since: string;
}

/** What has been written and not been published yet. */
export interface UnpublishedCount {
  readonly messages: number;
  readonly oldestSeconds: number;
}

/** How late a service's messages are, those that it has to say and those that it has set aside. */
export class Lateness {
  constructor(private readonly db: Database) {}

  async unpublished(): Promise<UnpublishedCount> {
    const [row] = await this.db.query<UnpublishedCount & { messages: number }>(
      `select count(*) as messages,
         coalesce(extract(epoch from clock_timestamp() - min(created_at)), 0)::float8 as "oldestSeconds"
       from outbox where published_at is null`,
    );
    return row!;
  }

  async parked(): Promise<ParkedCount[]> {
    return this.db.query<ParkedCount & { consumer: string }>(
      `select consumer, count(distinct (source, channel, key)) as keys, count(*) as messages,
         min(message->>'time') as since
       from parked_messages where status <> 'discarded' group by consumer`,
    );
  }
}
