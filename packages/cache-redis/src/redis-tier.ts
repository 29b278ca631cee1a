import {
  type CacheTier,
  type Copy,
  FORGOTTEN_MS,
  type Found,
  type Keeping,
  MAX_ABSENT,
  type Moment,
} from '@ashlar/cache';
import type { Database } from '@ashlar/postgres';
import { EpochTrust, type EpochTrustOptions, type RedisLink, run, type Script } from '@ashlar/projection-redis';
import { ComingVersions } from './coming-versions.ts';
import { FIND, FORGET, KEEP, KEEP_ABSENT } from './scripts.ts';

export interface RedisTierOptions extends EpochTrustOptions {
  /** How many keys are remembered of which there is nothing; 1,000 when not told. */
  readonly maxAbsent?: number;
}

/** Said of a time at which Redis could not be relied upon: what is found elsewhere then is not kept. */
const NEVER: Moment = { epoch: 0, ms: 0 };

/**
 * Copies in Redis, of values that JSON can hold, for all processes of a service. A change is told before it is
 * committed, or its commit ends the epoch in which everything is kept: so nothing that is read after it has been read
 * before it. While Redis is away, or has not been proven, nothing is found, and nobody waits.
 */
export class RedisTier<Value> implements CacheTier<Value> {
  readonly #db: Database;
  readonly #redis: RedisLink;
  readonly #trust: EpochTrust;

  constructor(private readonly options: RedisTierOptions) {
    this.#db = options.db;
    this.#redis = options.redis;
    this.#trust = new EpochTrust(options);
  }

  /** Looks by itself whether Redis can be relied upon, from now on. */
  prepare(): Promise<void> {
    return this.#trust.prepare();
  }

  close(): Promise<void> {
    return this.#trust.close();
  }

  async find(key: string): Promise<Found<Value>> {
    const { epoch } = this.#trust;
    if (epoch === undefined) return { copy: undefined, since: NEVER };
    const found = (await this.#run(FIND, this.#keys(epoch, key), [key])) as [
      ms: string,
      version?: string,
      value?: string,
    ];
    const [ms, version, value] = found;
    const since = { epoch, ms: Number(ms) };
    if (version === undefined) return { copy: undefined, since };
    return { copy: { version: Number(version), value: value === undefined ? undefined : JSON.parse(value) }, since };
  }

  async keep(key: string, { version, value }: Copy<Value>, { since, ttlMs }: Keeping): Promise<boolean> {
    if (since === NEVER || this.#trust.epoch === undefined) return true;
    const keys = this.#keys(since.epoch, key);
    const forMs = Math.ceil(ttlMs);
    const inTime = [since.ms, FORGOTTEN_MS];
    const kept =
      value === undefined
        ? this.#run(KEEP_ABSENT, keys, [key, forMs, this.options.maxAbsent ?? MAX_ABSENT, ...inTime])
        : this.#run(KEEP, keys, [key, version, JSON.stringify(value), forMs, ...inTime]);
    return (await kept) === 1;
  }

  async forget(key: string, version: number): Promise<void> {
    const { epoch } = this.#trust;
    if (epoch !== undefined) await this.#forget(epoch, new Map([[key, version]]));
  }

  /** Inside of a transaction: if it is committed, there will be this version. */
  comes(key: string, version: number): void {
    const tell = (coming: ReadonlyMap<string, number>) => this.#tell(coming);
    const create = () =>
      new ComingVersions({ name: this.options.name, tell, endEpoch: () => this.#trust.epochs.next() });
    this.#db.buffer(this, create).add(key, version);
  }

  /** In the epoch that holds until the commit; throws where that cannot be. */
  async #tell(coming: ReadonlyMap<string, number>): Promise<void> {
    if (this.#trust.epoch === undefined) throw new Error('Redis is away, or has not been proven.');
    const epoch = await this.#trust.epochs.held();
    if (epoch === undefined) throw new Error(`The copies ${this.options.name} have not been prepared.`);
    await this.#forget(epoch, coming);
  }

  async #forget(epoch: number, versions: ReadonlyMap<string, number>): Promise<void> {
    const [, absent] = this.#keys(epoch, '');
    const entries = [...versions.keys()].map((key) => this.#keys(epoch, key)[0]);
    await this.#run(FORGET, [absent, ...entries], [FORGOTTEN_MS, ...[...versions].flat()]);
  }

  /** After a failure nobody asks again before a look has found the server well. */
  async #run(script: Script, keys: readonly string[], values: readonly (string | number)[]): Promise<unknown> {
    try {
      return await this.#redis.call((client) => run(client, script, { keys, values }));
    } catch (error) {
      this.#trust.doubt();
      throw error;
    }
  }

  /** An entry, and those of which there is nothing. */
  #keys(epoch: number, key: string): [entry: string, absent: string] {
    const prefix = this.#trust.prefix(epoch);
    return [`${prefix}:of:${key}`, `${prefix}:absent`];
  }
}
