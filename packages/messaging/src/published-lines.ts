import type { Database } from '@ashlar/postgres';
import type { Written } from '@ashlar/telemetry';

/**
 * Those of these messages that this service has said, and of whose lines the bus has all up to them: whoever has
 * handled everything that has reached him has handled them, unless they are parked there.
 */
export const publishedLines = (db: Database, written: readonly Written[]): Promise<Written[]> =>
  db.query<Written & { key: string }>(
    `select w.channel, w.key, w.sequence
     from json_to_recordset($1) as w(channel text, key text, sequence bigint) join outbox_keys k using (channel, key)
     where k.sequence >= w.sequence and not exists (
       select from outbox o
       where o.channel = w.channel and o.key = w.key and o.sequence <= w.sequence and o.published_at is null
     )`,
    [JSON.stringify(written)],
  );

/** The lines that these consumers have not handled, because a message of them could not be. */
export const parkedLines = (db: Database, consumers: readonly string[]): Promise<Omit<Written, 'sequence'>[]> =>
  db.query<Omit<Written, 'sequence'> & { key: string }>(
    'select distinct channel, key from inbox where consumer = any($1) and parked',
    [consumers],
  );
