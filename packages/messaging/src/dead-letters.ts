import type { Database } from '@ashlar/postgres';
import type { ParkedMessage, ParkedStatus } from './parking-lot.ts';
import { isoOf } from './postgres-parking-lot.ts';

export interface DeadLetterFilter {
  readonly consumer?: string;
  readonly status?: string;
  readonly cursor?: string;
  readonly limit: number;
}

const COLUMNS = `id, consumer, source, channel, key, type, sequence, status, attempts, error,
  ${isoOf('first_failed_at')} as "firstFailedAt", ${isoOf('next_attempt_at')} as "nextAttemptAt"`;

/** What operators see of a service's parking lots, and may do with them. */
export class DeadLetters {
  constructor(private readonly db: Database) {}

  /** Newest first. */
  async list({ consumer, status, cursor, limit }: DeadLetterFilter): Promise<Omit<ParkedMessage, 'message'>[]> {
    return this.db.query<ParkedMessage>(
      `select ${COLUMNS} from parked_messages
       where status <> 'discarded' and ($1::text is null or consumer = $1) and ($2::text is null or status = $2)
         and ($3::uuid is null or id < $3)
       order by id desc limit $4`,
      [consumer ?? null, status ?? null, cursor ?? null, limit],
    );
  }

  async find(id: string): Promise<ParkedMessage | undefined> {
    const [found] = await this.db.query<ParkedMessage>(
      `select ${COLUMNS}, message from parked_messages where id = $1 and status <> 'discarded'`,
      [id],
    );
    return found;
  }

  /** Tries the message again now; once it is handled, those behind it follow in order. */
  async replay(id: string): Promise<boolean> {
    return this.#change(id, 'retrying');
  }

  /** Gives the message up; those behind it follow in order. */
  async discard(id: string): Promise<boolean> {
    return this.#change(id, 'discarded');
  }

  /** Locks the line first, as everybody does who touches it. */
  async #change(id: string, status: ParkedStatus): Promise<boolean> {
    return this.db.transaction(async () => {
      const locked = await this.db.query(
        `select 1 from inbox i join parked_messages p using (consumer, source, channel, key)
         where p.id = $1 for update of i`,
        [id],
      );
      if (locked.length === 0) return false;
      const changed = await this.db.execute(
        `update parked_messages set status = $2, attempts = 0, next_attempt_at = clock_timestamp()
         where id = $1 and status <> 'discarded' returning 1`,
        [id, status],
      );
      return changed.length > 0;
    });
  }
}
