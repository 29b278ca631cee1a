import type { Database } from '@ashlar/postgres';

/** Seals some of what is stored open, in the ambient transaction, and answers how much it was: 0 once all is sealed. */
export type SealPortion = () => Promise<number>;

/**
 * Seals what was stored before there were keys: once, portion by portion, each in a transaction of its own and by one
 * replica at a time. One that was cut off is gone on with at the next start.
 */
export async function sealStored(db: Database, name: string, portion: SealPortion): Promise<void> {
  const seal = async (): Promise<boolean> => {
    await db.query(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, [`seal stored ${name}`]);
    const done = await db.query('select 1 from personal_data_sealed where name = $1', [name]);
    if (done.length > 0 || (await portion()) > 0) return done.length > 0;
    await db.write({ sql: 'insert into personal_data_sealed (name) values ($1)', values: [name] });
    return true;
  };
  let isDone: boolean;
  do isDone = await db.transaction(seal);
  while (!isDone);
}
