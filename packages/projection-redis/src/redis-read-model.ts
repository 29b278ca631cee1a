import { randomUUID } from 'node:crypto';
import { systemTimers, type Timers } from '@ashlar/domain';
import type { ConsumerDefinition, Subscription } from '@ashlar/messaging';
import type { Database } from '@ashlar/postgres';
import type { Projection, ProjectionStatus } from '@ashlar/projection';
import { EpochTrust } from './epoch-trust.ts';
import { Puts } from './puts.ts';
import type { RedisLink } from './redis-link.ts';
import { FILL, PUT, READ, run } from './scripts.ts';

export interface Versioned<Value> {
  readonly version: number;
  readonly value: Value;
}

export interface RedisReadModelOptions<Value> {
  readonly name: string;
  /** Part of every key: two systems share a server without meeting. */
  readonly namespace: string;
  readonly db: Database;
  readonly redis: RedisLink;
  /** What an entry is a copy of, as it is committed now: it answers for what Redis has not got, or cannot say. */
  readonly source: (id: string) => Promise<Versioned<Value> | undefined>;
  readonly timers?: Timers;
  readonly onError?: (error: unknown) => void;
  /** Hears who has answered a read. */
  readonly onRead?: (from: 'redis' | 'source') => void;
}

const LEASE_MS = 2_000;
const KEPT_MS = 3_600_000;

/**
 * A read model in Redis. It is disposable: entries are set only if newer, what is missing is answered by the source and
 * filled under a lease, and everything counts for one epoch only, which ends with a lost write, a flush, or another run
 * of the server. Nobody waits for a server that is away.
 */
export class RedisReadModel<Value> implements Projection {
  readonly name: string;
  readonly #options: Required<RedisReadModelOptions<Value>>;
  readonly #trust: EpochTrust;
  #taken = 0;
  readonly #filling = new Set<Promise<unknown>>();

  constructor(options: RedisReadModelOptions<Value>) {
    this.#options = { timers: systemTimers, onError: () => {}, onRead: () => {}, ...options };
    this.name = options.name;
    this.#trust = new EpochTrust(this.#options);
  }

  /** The consumer that feeds it; its handlers write by `put`. */
  consumer(subscriptions: readonly Subscription[]): ConsumerDefinition {
    return { name: this.name, subscriptions, isPatient: true };
  }

  /** Every process looks by itself whether Redis can be relied upon, from now on. */
  prepare(): Promise<void> {
    return this.#trust.prepare();
  }

  /** There is nothing that one process would do for all: it is filled by its events, and by those who read. */
  start(): void {}

  async stop(): Promise<void> {}

  async close(): Promise<void> {
    await this.#trust.close();
    await Promise.all(this.#filling);
  }

  /** Forgets everything: what is asked for is filled again. */
  async beginRebuild(): Promise<void> {
    await this.#options.db.write(this.#trust.epochs.next());
  }

  /** How far it lags behind, only its consumer knows. */
  async status(): Promise<ProjectionStatus> {
    const isAway = this.#trust.epoch === undefined;
    return {
      name: this.name,
      version: 1,
      state: isAway ? 'failing' : 'live',
      position: this.#taken,
      lag: 0,
      lagMs: 0,
      ...(isAway && { error: 'Redis is away, or has not been proven yet: reads are answered by PostgreSQL.' }),
    };
  }

  async find(id: string): Promise<Versioned<Value> | undefined> {
    const { source, onRead } = this.#options;
    const { epoch } = this.#trust;
    const token = randomUUID();
    const found = epoch !== undefined && (await this.#read(this.#keys(epoch, id), token));
    if (Array.isArray(found)) {
      onRead('redis');
      return { version: Number(found[0]), value: JSON.parse(String(found[1])) as Value };
    }
    onRead('source');
    const entry = await source(id);
    if (found === 'leased' && entry) this.#fill(this.#keys(epoch!, id), token, entry);
    return entry;
  }

  /** Nobody waits for it; one that fails is a miss of the next reader. */
  #fill(keys: readonly string[], token: string, { version, value }: Versioned<Value>): void {
    const values = [token, KEPT_MS, version, JSON.stringify(value)];
    const filling = this.#options.redis
      .call((client) => run(client, FILL, { keys, values }))
      .catch(() => {})
      .finally(() => this.#filling.delete(filling));
    this.#filling.add(filling);
  }

  /** Takes over what an entry is now, in the transaction of the event that says so. */
  put(id: string, entry: Versioned<Value>): void {
    const { db, name } = { ...this.#options };
    const write = (entries: ReadonlyMap<string, Versioned<Value>>) => this.#write(entries);
    db.buffer(this, () => new Puts<Value>({ name, write, next: () => this.#trust.epochs.next() })).add(id, entry);
    this.#taken += 1;
  }

  /** After a failure nobody asks again before a look has found the server well: no request waits for one that hangs. */
  async #read(keys: readonly string[], token: string): Promise<unknown> {
    try {
      return await this.#options.redis.call((client) => run(client, READ, { keys, values: [token, LEASE_MS] }));
    } catch {
      this.#trust.doubt();
      return undefined;
    }
  }

  /** Into the epoch that holds until the commit; throws where that cannot be. */
  async #write(entries: ReadonlyMap<string, Versioned<Value>>): Promise<void> {
    const epoch = await this.#trust.epochs.held();
    if (epoch === undefined) throw new Error(`The read model ${this.name} has not been prepared.`);
    const keys = [...entries.keys()].flatMap((id) => this.#keys(epoch, id));
    const pairs = [...entries.values()].flatMap(({ version, value }) => [version, JSON.stringify(value)]);
    await this.#options.redis.call((client) => run(client, PUT, { keys, values: [KEPT_MS, ...pairs] }));
  }

  /** An entry, and the lease to fill it. */
  #keys(epoch: number, id: string): [string, string] {
    const entry = `${this.#trust.prefix(epoch)}:${id}`;
    return [entry, `${entry}:lease`];
  }
}
