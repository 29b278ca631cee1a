import type { Database } from '@ashlar/postgres';

/** A message as its source remembers it. */
export interface SaidMessage {
  readonly id: string;
  readonly channel: string;
  readonly key: string;
  readonly sequence: number;
  readonly type: string;
  readonly time: Date;
  /** The message that it is a consequence of; null where a request or a timer was the reason. */
  readonly causationId: string | null;
  readonly published: boolean;
}

/** At most so many of one business transaction are told. */
const MOST = 1_000;

/**
 * What a service has said in one business transaction, for as long as its outbox keeps it. Looked for by reading all of
 * the outbox: an operator asks seldom, and an index would cost every message.
 */
export const saidMessages = (db: Database, correlationId: string): Promise<SaidMessage[]> =>
  db.query<SaidMessage & { id: string }>(
    `select id, channel, key, sequence, type, time, context->>'causationid' as "causationId",
       published_at is not null as published
     from outbox where context->>'correlationid' = $1 order by position limit ${MOST}`,
    [correlationId],
  );
