import { type Database, isUnreachable, type Statement } from '@ashlar/postgres';
import { checkDefinition, type ReadModelDefinition } from './read-model.ts';

/** How far the read model has come that is read now. */
export interface Checkpoint {
  readonly position: number;
  readonly version: number;
  readonly definition: string | null;
  readonly tables: readonly string[];
  readonly frozen: boolean;
  /** It holds what was there before it as well. */
  readonly filled: boolean;
  readonly lastAt: Date | null;
  readonly error: string | null;
}

/** A successor that is being filled. */
export interface Rebuild {
  readonly run: number;
  readonly version: number;
  readonly tables: readonly string[];
  readonly position: number;
  readonly expected: number | null;
  readonly startedAt: Date;
  readonly error: string | null;
}

export interface BeginRebuild {
  readonly isAnew?: boolean;
  readonly onBegun?: (run: number) => Promise<void>;
}

const CHECKPOINT = `position, version, definition, tables, last_at as "lastAt", error, filled,
  coalesce(frozen_until > clock_timestamp(), false) as frozen`;
const REBUILD = 'run, version, tables, position, expected, started_at as "startedAt", error';

/** So long a read model stands still, at most, while its successor takes over. */
const FREEZE_MS = 5_000;

/** The rows that say how far a read model and its successor have come, and the tables of both. */
export class Checkpoints {
  /** Where the successor is filled. */
  readonly schema: string;

  constructor(
    readonly db: Database,
    private readonly definition: ReadModelDefinition,
  ) {
    checkDefinition(definition);
    this.schema = `rebuild ${definition.name}`;
  }

  async current(): Promise<Checkpoint | undefined> {
    const [row] = await this.db.query<Checkpoint>(`select ${CHECKPOINT} from projections where name = $1`, [
      this.definition.name,
    ]);
    return row;
  }

  async rebuilding(): Promise<Rebuild | undefined> {
    const [row] = await this.db.query<Rebuild>(`select ${REBUILD} from projection_rebuilds where name = $1`, [
      this.definition.name,
    ]);
    return row;
  }

  /**
   * Makes the tables where there are none, adopts those that a migration has made, and answers whether those that are
   * there are older than the definition. Throws if it has changed and its version has not. New tables count as filled
   * unless something was there before them.
   */
  async prepare({ isFilled = true } = {}): Promise<'current' | 'older' | 'newer'> {
    const { name, version, tables } = this.definition;
    return this.db.transaction(async () => {
      await this.#lock();
      const known = await this.current();
      if (!known) await this.#create(isFilled);
      else if (known.definition === null) await this.#adopt();
      else if (known.version === version && known.definition !== tables) {
        throw new Error(`The tables of ${name} have changed since version ${version}: give them a new version.`);
      }
      const kept = known?.version ?? version;
      return kept === version ? 'current' : kept < version ? 'older' : 'newer';
    });
  }

  /**
   * Begins a rebuild, or joins the one that is under way, unless it is to begin anew; one of an older version is given
   * up. `onBegun` is part of the transaction. Answers the run.
   */
  async beginRebuild({ isAnew = false, onBegun = async () => {} }: BeginRebuild = {}): Promise<number> {
    const { name, version, tables } = this.definition;
    return this.db.transaction(async () => {
      await this.#lock();
      // Whoever writes to a successor holds this row, and then its tables.
      await this.db.query('select 1 from projections where name = $1 for update', [name]);
      const [current, under] = await Promise.all([this.current(), this.rebuilding()]);
      if (!current) throw new Error(`The read model ${name} has not been prepared.`);
      if (Math.max(current.version, under?.version ?? 0) > version) {
        throw new Error(`There is a newer version of ${name} than ${version}, which this process does not know.`);
      }
      if (under?.version === version && !isAnew) return under.run;
      await this.db.execute('delete from projection_rebuilds where name = $1', [name]);
      const [begun] = await this.db.execute<{ run: number }>(
        `insert into projection_rebuilds (name, version, definition, tables)
         values ($1, $2, $3, projection_build($4, $3, $5)) returning run`,
        [name, version, tables, this.schema, current.tables],
      );
      await onBegun(begun!.run);
      return begun!.run;
    });
  }

  /** The checkpoint of the read model, by compare and set; never while it stands still. */
  moved(from: number, to: { readonly position: number; readonly at: Date }): Statement {
    const { name, version } = this.definition;
    return {
      sql: `update projections set position = $2, last_at = $3, updated_at = clock_timestamp(), error = null
            where name = $1 and position = $4 and version = $5
              and (frozen_until is null or frozen_until <= clock_timestamp())`,
      values: [name, to.position, to.at, from, version],
      rows: 1,
      what: `The checkpoint of ${name}`,
    };
  }

  /** Locks the successor, if it stands at this position; answers whether it does, and nobody else works at it. */
  async claim({ run, position }: { readonly run: number; readonly position?: number }): Promise<boolean> {
    const rows = await this.db.query(
      `select 1 from projection_rebuilds
       where run = $1 and ($2::bigint is null or position = $2) for update skip locked`,
      [run, position ?? null],
    );
    return rows.length > 0;
  }

  rebuilt({ run }: Rebuild, position: number): Statement {
    return {
      sql: 'update projection_rebuilds set position = $2, error = null where run = $1',
      values: [run, position],
    };
  }

  /** From here on, and until the end of the transaction, names of tables mean those of the successor. */
  async enter(): Promise<void> {
    await this.db.query(
      `select set_config('search_path', quote_ident($1) || ', ' || current_setting('search_path'), true)`,
      [this.schema],
    );
  }

  /** Lets the read model stand still; answers where, unless it moves on by itself meanwhile. */
  async freeze(): Promise<number | undefined> {
    const [row] = await this.db.execute<{ position: number }>(
      `update projections set frozen_until = clock_timestamp() + ${FREEZE_MS} * interval '1 millisecond'
       where name = $1 returning position`,
      [this.definition.name],
    );
    return row?.position;
  }

  async thaw(): Promise<void> {
    await this.db.execute('update projections set frozen_until = null where name = $1', [this.definition.name]);
  }

  /**
   * Puts the successor in the place of the read model, where `at` is told only if both stand there; answers whether it
   * did.
   */
  async install({ run, at }: { readonly run: number; readonly at?: number }): Promise<boolean> {
    const { name } = this.definition;
    return this.db.transaction(async () => {
      const [both] = await this.db.query<{ replaced: string[]; made: string[] }>(
        `select p.tables as replaced, r.tables as made from projections p join projection_rebuilds r using (name)
         where p.name = $1 and r.run = $2 and ($3::bigint is null or p.position = $3 and r.position = $3)
         for update of p, r`,
        [name, run, at ?? null],
      );
      if (!both) return false;
      await this.db.execute('select projection_install($1, $2, $3)', [this.schema, both.replaced, both.made]);
      await this.db.execute(
        `with done as (delete from projection_rebuilds where run = $1 returning *)
         update projections p set version = done.version, definition = done.definition, tables = done.tables,
           frozen_until = null, error = null, filled = true, updated_at = clock_timestamp()
         from done where p.name = done.name`,
        [run],
      );
      return true;
    });
  }

  /** Tells the planner what the successor holds; answers whether there still is one, and nobody else works at it. */
  async analyze({ run }: Pick<Rebuild, 'run'>): Promise<boolean> {
    return this.db.transaction(async () => {
      const isOurs = await this.claim({ run });
      const analyze = 'select projection_analyze($1, tables) from projection_rebuilds where run = $2';
      if (isOurs) await this.db.execute(analyze, [this.schema, run]);
      return isOurs;
    });
  }

  /** Why the read model cannot go on from here. */
  async failed(position: number, error: string): Promise<void> {
    await this.#note('update projections set error = $2 where name = $1 and position = $3', [
      this.definition.name,
      error,
      position,
    ]);
  }

  async rebuildFailed({ run }: Rebuild, error: string | null): Promise<void> {
    await this.#note('update projection_rebuilds set error = $2 where run = $1', [run, error]);
  }

  /** A reason that cannot be noted because the database is away is not needed: that is the reason. */
  async #note(sql: string, values: readonly unknown[]): Promise<void> {
    try {
      await this.db.execute(sql, values);
    } catch (error) {
      if (!isUnreachable(error)) throw error;
    }
  }

  async #lock(): Promise<void> {
    await this.db.query(`select pg_advisory_xact_lock(hashtextextended('projection ' || $1, 0))`, [
      this.definition.name,
    ]);
  }

  async #create(isFilled: boolean): Promise<void> {
    const { name, version, tables } = this.definition;
    const [made] = await this.db.execute<{ tables: string[] }>(`select projection_build($1, $2, '{}') as tables`, [
      this.schema,
      tables,
    ]);
    await this.db.execute(`select projection_install($1, '{}', $2)`, [this.schema, made!.tables]);
    await this.db.execute(
      `insert into projections (name, position, version, definition, tables, filled) values ($1, 0, $2, $3, $4, $5)`,
      [name, version, tables, made!.tables, isFilled],
    );
  }

  async #adopt(): Promise<void> {
    const { name, tables } = this.definition;
    await this.db.execute(
      'update projections set definition = $3, tables = projection_build($2, $3, null) where name = $1',
      [name, this.schema, tables],
    );
    await this.db.execute('select projection_discard($1)', [this.schema]);
  }
}
