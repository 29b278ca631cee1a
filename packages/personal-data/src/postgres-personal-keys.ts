import { randomBytes } from 'node:crypto';
import type { Database } from '@ashlar/postgres';
import { KEY_BYTES } from './cipher.ts';
import type { PersonalKeys } from './personal-keys.ts';

interface Row {
  readonly owner: string;
  readonly key: Buffer | null;
}

/** Of an array the planner counts the elements, and plans anew each time. */
const FIND_ONE = 'select owner, key from personal_keys where owner = $1';

export class PostgresPersonalKeys implements PersonalKeys {
  constructor(private readonly db: Database) {}

  async find(owners: readonly string[]): Promise<ReadonlyMap<string, Buffer>> {
    if (owners.length === 0) return new Map();
    const rows =
      owners.length === 1
        ? await this.db.query<Row>(FIND_ONE, [owners[0]])
        : await this.db.query<Row>('select owner, key from personal_keys where owner = any($1)', [owners]);
    return new Map(rows.flatMap(({ owner, key }) => (key ? [[owner, key] as const] : [])));
  }

  /** Asked in one breath, and answered in this order: who has waited for the lock sees what was committed meanwhile. */
  async use(owner: string): Promise<Buffer | undefined> {
    const [, [known]] = await Promise.all([
      this.db.query('select pg_advisory_xact_lock_shared(hashtextextended($1, 0))', [lockOf(owner)]),
      this.db.query<Row>(FIND_ONE, [owner]),
    ]);
    const row = known ?? (await this.#make(owner));
    return row.key ?? undefined;
  }

  async erase(owner: string): Promise<void> {
    await this.db.transaction(async () => {
      await this.db.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [lockOf(owner)]);
      await this.db.execute(
        `insert into personal_keys (owner, erased_at) values ($1, clock_timestamp())
         on conflict (owner) do update
         set key = null, erased_at = coalesce(personal_keys.erased_at, excluded.erased_at)`,
        [owner],
      );
    });
  }

  /** Of two who make it at once, both get the first one's. */
  async #make(owner: string): Promise<Row> {
    const [made] = await this.db.execute<Row>(
      `insert into personal_keys (owner, key) values ($1, $2)
       on conflict (owner) do update set owner = excluded.owner returning owner, key`,
      [owner, randomBytes(KEY_BYTES)],
    );
    return made!;
  }
}

const lockOf = (owner: string): string => `personal key ${owner}`;
