import type { LogPosition } from '@ashlar/domain';
import type { Database } from '../database.ts';

interface Sample {
  readonly at: number;
  readonly lsn: bigint;
}

const SAMPLES = 100;

const POSITION = 'pg_current_wal_insert_lsn()';

/** `16/B374D848` as a number. */
export function lsnOf(text: string): bigint {
  const [high = '', low = ''] = text.split('/');
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
}

/** Where the primary's log was when: so the place of a replica tells how old its data may be, by no clock but ours. */
export class PrimaryLog {
  readonly #samples: Sample[] = [];
  #isAway = false;
  #identity: string | undefined;
  #timeline: number | undefined;

  constructor(private readonly db: Database) {}

  get isAway(): boolean {
    return this.#isAway;
  }

  get timeline(): number | undefined {
    return this.#timeline;
  }

  /** Whether somebody is a copy of this primary, and knows of the last change of primaries. */
  isOf(identity: string, timeline: number): boolean {
    return identity === this.#identity && timeline === this.#timeline;
  }

  async look(): Promise<void> {
    const at = performance.now();
    try {
      const [row] = await this.db.query<{ lsn: string; timeline: string; identity: string }>(
        `select ${POSITION}::text as lsn, left(pg_walfile_name(${POSITION}), 8) as timeline,
           (select system_identifier::text from pg_control_system()) as identity`,
      );
      const timeline = Number.parseInt(row!.timeline, 16);
      if (timeline !== this.#timeline || row!.identity !== this.#identity) this.#samples.length = 0;
      this.#timeline = timeline;
      this.#identity = row!.identity;
      this.#samples.push({ at, lsn: lsnOf(row!.lsn) });
      if (this.#samples.length > SAMPLES) this.#samples.shift();
      this.#isAway = false;
    } catch (error) {
      this.#isAway = true;
      throw error;
    }
  }

  lost(): void {
    this.#isAway = true;
  }

  /** While the primary is away nothing new is committed: a copy is as old as it was when the primary was seen last. */
  ageOf(lsn: bigint): number {
    const newest = this.#samples.findLast((sample) => sample.lsn <= lsn);
    if (!newest) return Number.POSITIVE_INFINITY;
    const now = this.#isAway ? this.#samples.at(-1)!.at : performance.now();
    return Math.max(0, now - newest.at);
  }

  async position(): Promise<LogPosition | undefined> {
    const timeline = this.#timeline;
    if (timeline === undefined) return undefined;
    const [row] = await this.db.query<{ lsn: string }>(`select ${POSITION}::text as lsn`);
    return { timeline, lsn: lsnOf(row!.lsn) };
  }
}
