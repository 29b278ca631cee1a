import { DomainError, type Freshness, type LogPosition, type Stop, systemTimers, type Timers } from '@ashlar/domain';
import type { QueryResultRow } from 'pg';
import type { Database } from '../database.ts';
import { isUnreachable } from '../errors.ts';
import { PrimaryLog } from './primary-log.ts';
import type { Reader, Reads, ReplicaView } from './reads.ts';
import { Replica } from './replica.ts';

export interface ReplicaSetOptions {
  readonly primary: Database;
  readonly urls: readonly string[];
  /** So old may be what is read on a replica, in milliseconds; 1,000 by default. */
  readonly maxLagMs?: number;
  readonly timers?: Timers;
  readonly onError?: (error: unknown) => void;
}

const LOOK_EVERY_MS = 100;
const ANSWER_WITHIN_MS = 500;
const REACHED_WITHIN_MS = 2_000;
const LOOK_AGAIN_MS = 20;

/** What copies of the primary can answer as asked. */
type OnCopies = Exclude<Freshness, 'newest' | 'latest'>;

interface Question {
  readonly sql: string;
  readonly values: readonly unknown[] | undefined;
}

/**
 * Reads on replicas that are well and new enough, else on the primary. While the primary is away they answer with what
 * they have: nothing newer is to be had, and only writes have to wait.
 */
export class ReplicaSet implements Reads {
  readonly #options: Required<ReplicaSetOptions>;
  readonly #log: PrimaryLog;
  readonly #replicas: readonly Replica[];
  #stops: Stop[] = [];
  #turn = 0;

  constructor(options: ReplicaSetOptions) {
    this.#options = { maxLagMs: 1_000, timers: systemTimers, onError: () => {}, ...options };
    this.#log = new PrimaryLog(options.primary);
    this.#replicas = options.urls.map((url) => new Replica(url));
  }

  /** Resolves when everybody has been looked at once. */
  async start(): Promise<void> {
    const { timers, onError } = this.#options;
    const looks = [() => this.#lookAtPrimary(), ...this.#replicas.map((replica) => () => this.#lookAt(replica))];
    await Promise.all(looks.map((look) => look().catch(onError)));
    this.#stops = looks.map((look) => timers.every(LOOK_EVERY_MS, look, onError));
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops.splice(0)) stop();
    await Promise.all(this.#replicas.map((replica) => replica.close()));
  }

  at(freshness: Freshness): Reader {
    return { query: (sql, values) => this.#query(freshness, { sql, values }) };
  }

  position(): Promise<LogPosition | undefined> {
    return this.#log.position();
  }

  replicas(): readonly ReplicaView[] {
    return this.#replicas.map((replica) => ({
      replica: replica.name,
      isReachable: replica.isReachable,
      lagMs: this.#log.ageOf(replica.replayed),
    }));
  }

  async #query<Row extends QueryResultRow>(freshness: Freshness, question: Question): Promise<Row[]> {
    const { primary } = this.#options;
    const { sql, values } = question;
    if (freshness === 'newest' || primary.inTransaction) return primary.query<Row>(sql, values);
    const answer = freshness === 'latest' ? undefined : await this.#askReplicas<Row>(freshness, question);
    if (answer) return answer;
    try {
      if (!this.#log.isAway) return await primary.query<Row>(sql, values);
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      this.#log.lost();
    }
    return this.#withoutPrimary<Row>(freshness === 'latest' ? 'any' : freshness, question);
  }

  /** Whatever goes wrong on one replica, others may know better. */
  async #askReplicas<Row extends QueryResultRow>(
    freshness: OnCopies,
    { sql, values }: Question,
  ): Promise<Row[] | undefined> {
    for (const replica of this.#candidates(freshness)) {
      try {
        return await replica.query<Row>(sql, values);
      } catch (error) {
        if (isUnreachable(error)) replica.lost();
        this.#options.onError(error);
      }
    }
    return undefined;
  }

  /** The primary may be back, or a replica come so far, at any moment. */
  async #withoutPrimary<Row extends QueryResultRow>(freshness: OnCopies, question: Question): Promise<Row[]> {
    const deadline = performance.now() + REACHED_WITHIN_MS;
    for (;;) {
      const answer = await this.#askReplicas<Row>(freshness, question);
      if (answer) return answer;
      if (!this.#log.isAway) return this.#options.primary.query<Row>(question.sql, question.values);
      if (freshness === 'any' || performance.now() > deadline) break;
      await new Promise<void>((resolve) => void this.#options.timers.once(LOOK_AGAIN_MS, resolve));
    }
    if (freshness === 'any') return this.#options.primary.query<Row>(question.sql, question.values);
    const sentence = 'What the Consistency-Token names has not arrived at a replica yet, and the primary is away.';
    throw new DomainError('consistency_timeout', 'unavailable', sentence);
  }

  /** Who may answer, each in its turn; while the primary is away and any will do, those that have come furthest. */
  #candidates(freshness: OnCopies): Replica[] {
    const well = this.#replicas.filter(
      (replica) => replica.isReachable && this.#log.isOf(replica.identity, replica.timeline),
    );
    const fit =
      freshness === 'any' ? this.#newEnough(well) : well.filter((one) => this.#hasReached(one, freshness.since));
    if (fit.length === 0) return [];
    const first = this.#turn++ % fit.length;
    return [...fit.slice(first), ...fit.slice(0, first)];
  }

  #newEnough(well: readonly Replica[]): Replica[] {
    if (!this.#log.isAway) return well.filter(({ replayed }) => this.#log.ageOf(replayed) <= this.#options.maxLagMs);
    const furthest = well.reduce((most, { replayed }) => (replayed > most ? replayed : most), 0n);
    return well.filter(({ replayed }) => replayed === furthest);
  }

  /** A place in another history means nothing here, and is left to the primary. */
  #hasReached({ replayed }: Replica, { timeline, lsn }: LogPosition): boolean {
    return timeline === this.#log.timeline && replayed >= lsn;
  }

  async #lookAtPrimary(): Promise<void> {
    await this.#inTime(this.#log.look(), () => this.#log.lost());
  }

  async #lookAt(replica: Replica): Promise<void> {
    await this.#inTime(replica.look(), () => replica.lost());
  }

  /** Who does not answer in time is lost until it answers; the next look does not wait for this one. */
  async #inTime(look: Promise<void>, lost: () => void): Promise<void> {
    const late = Promise.withResolvers<never>();
    const tooLate = () => late.reject(new Error(`A database server has not answered within ${ANSWER_WITHIN_MS} ms.`));
    const stop = this.#options.timers.once(ANSWER_WITHIN_MS, tooLate);
    try {
      await Promise.race([look, late.promise]);
    } catch (error) {
      lost();
      throw error;
    } finally {
      stop();
    }
  }
}
