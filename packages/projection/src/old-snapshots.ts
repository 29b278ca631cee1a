import type { Timers } from '@ashlar/domain';
import type { Database } from '@ashlar/postgres';

const LOOK_AGAIN_MS = 5;

/**
 * Waits until no transaction is left that may see the database as it was before this call, as CREATE INDEX CONCURRENTLY
 * does (PostgreSQL, `WaitForOlderSnapshots`): a table that takes another's place would look half filled to it. Sessions
 * are told by their process and the start of their transaction; one without a snapshot takes a new one. Answers false
 * if some are left after `patienceMs`.
 */
export async function oldSnapshotsEnd(db: Database, timers: Timers, patienceMs: number): Promise<boolean> {
  let old = await holders(db);
  for (let waitedMs = 0; old.length > 0; waitedMs += LOOK_AGAIN_MS) {
    if (waitedMs > patienceMs) return false;
    await new Promise<void>((resolve) => void timers.once(LOOK_AGAIN_MS, resolve));
    const holding = await holders(db);
    old = old.filter((holder) => holding.includes(holder));
  }
  return true;
}

async function holders(db: Database): Promise<string[]> {
  const rows = await db.query<{ holder: string }>(
    `select pid || ' ' || extract(epoch from xact_start) as holder from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
       and backend_xmin is not null`,
  );
  return rows.map(({ holder }) => holder);
}
