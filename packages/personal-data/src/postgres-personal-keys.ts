import { randomBytes } from 'node:crypto';
import { type Database, IdentityMap, onPrimary, type Reader, type Reads } from '@ashlar/postgres';
import { KEY_BYTES } from './cipher.ts';
import type { PersonalKeys } from './personal-keys.ts';

interface Row {
  readonly owner: string;
  readonly key: Buffer | null;
}

/** Of an array the planner counts the elements, and plans anew each time. */
const FIND_ONE = 'select owner, key from personal_keys where owner = $1';

const FIND_MANY = 'select owner, key from personal_keys where owner = any($1)';
const LOCK = `select pg_advisory_xact_lock_shared(hashtextextended('personal key ' || owner, 0))
  from json_array_elements_text($1) as owner`;
const LOCK_ALONE = `select pg_advisory_xact_lock(hashtextextended('personal key ' || $1, 0))`;

export class PostgresPersonalKeys implements PersonalKeys {
  /** Those that this transaction has locked: nobody changes them before its end. */
  readonly #used: IdentityMap<Row>;

  /** `reads`: where keys are found while the database is away, so that what can be read can be opened. */
  constructor(
    private readonly db: Database,
    private readonly reads: Pick<Reads, 'at'> = onPrimary(db),
  ) {
    this.#used = new IdentityMap(db);
  }

  async find(owners: readonly string[]): Promise<ReadonlyMap<string, Buffer>> {
    const used = owners.flatMap((owner) => this.#used.get(owner) ?? []);
    const others = owners.filter((owner) => !this.#used.get(owner));
    return new Map(
      [...used, ...(await this.#find(others, this.reads.at('latest')))].flatMap(({ owner, key }) =>
        key ? [[owner, key] as const] : [],
      ),
    );
  }

  async use(owner: string): Promise<Buffer | undefined> {
    const used = this.#used.get(owner) ?? (await this.#lock([owner]))[0] ?? (await this.#make(owner));
    this.#used.set(owner, used);
    return used.key ?? undefined;
  }

  async prefetch(owners: readonly string[]): Promise<void> {
    const others = [...new Set(owners)].filter((owner) => !this.#used.get(owner)).sort();
    for (const row of await this.#lock(others)) this.#used.set(row.owner, row);
  }

  async erase(owner: string): Promise<void> {
    await this.db.transaction(async () => {
      this.#used.set(owner, undefined);
      await this.db.query(LOCK_ALONE, [owner]);
      await this.db.execute(
        `insert into personal_keys (owner, erased_at) values ($1, clock_timestamp())
         on conflict (owner) do update
         set key = null, erased_at = coalesce(personal_keys.erased_at, excluded.erased_at)`,
        [owner],
      );
    });
  }

  /**
   * Asked in one breath, and answered in this order: who has waited for the locks sees what was committed meanwhile.
   */
  async #lock(owners: readonly string[]): Promise<Row[]> {
    if (owners.length === 0) return [];
    const locked = this.db.query(LOCK, [JSON.stringify(owners)]);
    const [, rows] = await Promise.all([locked, this.#find(owners, this.db)]);
    return rows;
  }

  async #find(owners: readonly string[], reader: Reader): Promise<Row[]> {
    if (owners.length === 0) return [];
    if (owners.length === 1) return reader.query<Row>(FIND_ONE, [owners[0]]);
    return reader.query<Row>(FIND_MANY, [owners]);
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
