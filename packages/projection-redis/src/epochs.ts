import type { Database, Statement } from '@ashlar/postgres';

/** How far what is kept in Redis can be relied upon. */
export interface Epoch {
  readonly epoch: number;
  readonly runId: string | null;
}

const COLUMNS = 'epoch, run_id as "runId"';

/** The epochs of one read model: in PostgreSQL, where they change together with what they are about. */
export class Epochs {
  constructor(
    private readonly db: Database,
    private readonly name: string,
  ) {}

  /**
   * Makes the row on first use. Where the same read model was kept in a table meanwhile, Redis has not heard what has
   * happened since, and the table will not from now on.
   */
  async prepare(): Promise<void> {
    await this.db.transaction(async () => {
      await this.db.execute('insert into redis_read_models (name) values ($1) on conflict do nothing', [this.name]);
      const [dropped] = await this.db.execute<{ was: boolean }>('select projection_drop($1) as was', [this.name]);
      if (dropped!.was) await this.db.write(this.next());
    });
  }

  async current(): Promise<Epoch | undefined> {
    const [row] = await this.db.query<Epoch>(`select ${COLUMNS} from redis_read_models where name = $1`, [this.name]);
    return row;
  }

  /** The same until the end of the transaction: whoever begins the next epoch waits for it. */
  async held(): Promise<number | undefined> {
    const sql = `select ${COLUMNS} from redis_read_models where name = $1 for share`;
    return (await this.db.query<Epoch>(sql, [this.name]))[0]?.epoch;
  }

  next(): Statement {
    return {
      sql: `update redis_read_models set epoch = epoch + 1, updated_at = clock_timestamp() where name = $1`,
      values: [this.name],
    };
  }

  /** Begins the next epoch in this run of the server, unless somebody else has begun one. */
  async beginAnew({ epoch }: Epoch, runId: string): Promise<Epoch | undefined> {
    const [row] = await this.db.execute<Epoch>(
      `update redis_read_models set epoch = epoch + 1, run_id = $3, updated_at = clock_timestamp()
       where name = $1 and epoch = $2 returning ${COLUMNS}`,
      [this.name, epoch, runId],
    );
    return row;
  }
}
