import { randomUUID } from 'node:crypto';
import { type Stop, systemTimers, type Timers } from '@ashlar/domain';
import type { ConsumerDefinition, Subscription } from '@ashlar/messaging';
import { type Database, isUnreachable } from '@ashlar/postgres';
import type { Projection, ProjectionStatus } from '@ashlar/projection';
import { type Epoch, Epochs } from './epochs.ts';
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

const LOOK_EVERY_MS = 250;
/** Without a look for so long, somebody may have begun another epoch. */
const TRUSTED_MS = 600;
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
  readonly #epochs: Epochs;
  #stopLooking: Stop = () => {};
  #looking: Promise<unknown> = Promise.resolve();
  #epoch: number | undefined;
  /** The connection on which the run of the server was found to be that of the epoch. */
  #provenOn: number | undefined;
  #lookedAt = 0;
  #taken = 0;
  readonly #filling = new Set<Promise<unknown>>();

  constructor(options: RedisReadModelOptions<Value>) {
    this.#options = { timers: systemTimers, onError: () => {}, onRead: () => {}, ...options };
    this.name = options.name;
    this.#epochs = new Epochs(options.db, options.name);
  }

  /** The consumer that feeds it; its handlers write by `put`. */
  consumer(subscriptions: readonly Subscription[]): ConsumerDefinition {
    return { name: this.name, subscriptions, isPatient: true };
  }

  /** Every process looks by itself whether Redis can be relied upon, from now on. */
  async prepare(): Promise<void> {
    const { timers, onError } = this.#options;
    await this.#epochs.prepare();
    const look = () => {
      this.#looking = this.#look();
      return this.#looking.then(() => {});
    };
    await look();
    this.#stopLooking = timers.every(LOOK_EVERY_MS, look, onError);
  }

  /** There is nothing that one process would do for all: it is filled by its events, and by those who read. */
  start(): void {}

  async stop(): Promise<void> {}

  async close(): Promise<void> {
    this.#stopLooking();
    await this.#looking.catch(() => {});
    await Promise.all(this.#filling);
  }

  /** Forgets everything: what is asked for is filled again. */
  async beginRebuild(): Promise<void> {
    await this.#options.db.write(this.#epochs.next());
  }

  /** How far it lags behind, only its consumer knows. */
  async status(): Promise<ProjectionStatus> {
    const isAway = !this.#isTrusted;
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
    const epoch = this.#epoch;
    const token = randomUUID();
    const found = this.#isTrusted && (await this.#read(id, token));
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
    db.buffer(this, () => new Puts<Value>({ name, write, next: () => this.#epochs.next() })).add(id, entry);
    this.#taken += 1;
  }

  /** After a failure nobody asks again before a look has found the server well: no request waits for one that hangs. */
  async #read(id: string, token: string): Promise<unknown> {
    const keys = this.#keys(this.#epoch!, id);
    try {
      return await this.#options.redis.call((client) => run(client, READ, { keys, values: [token, LEASE_MS] }));
    } catch {
      this.#provenOn = undefined;
      return undefined;
    }
  }

  /** Into the epoch that holds until the commit; throws where that cannot be. */
  async #write(entries: ReadonlyMap<string, Versioned<Value>>): Promise<void> {
    const epoch = await this.#epochs.held();
    if (epoch === undefined) throw new Error(`The read model ${this.name} has not been prepared.`);
    const keys = [...entries.keys()].flatMap((id) => this.#keys(epoch, id));
    const pairs = [...entries.values()].flatMap(({ version, value }) => [version, JSON.stringify(value)]);
    await this.#options.redis.call((client) => run(client, PUT, { keys, values: [KEPT_MS, ...pairs] }));
  }

  get #isTrusted(): boolean {
    const isProven = this.#provenOn === this.#options.redis.connection && this.#epoch !== undefined;
    return isProven && performance.now() - this.#lookedAt < TRUSTED_MS;
  }

  /** Learns of epochs that others have begun, and whether the server is still the one that the epoch began with. */
  async #look(): Promise<void> {
    const { redis } = this.#options;
    const connection = redis.connection;
    const known = await this.#current();
    if (!known) return;
    const server = await asked(redis, (client) => Promise.all([client.info('server'), client.get(this.#marker)]));
    if (!server) return;
    const [info, marker] = server;
    const runId = /^run_id:(\w+)/m.exec(info)?.[1] ?? 'unknown';
    const isAnother = runId !== known.runId || marker === null;
    const epoch = isAnother ? await this.#epochs.beginAnew(known, runId) : known;
    if (!epoch) return;
    const isMarked = marker === String(epoch.epoch);
    if (!isMarked && !(await asked(redis, (client) => client.set(this.#marker, epoch.epoch)))) return;
    this.#epoch = epoch.epoch;
    this.#provenOn = connection;
  }

  /** While PostgreSQL is away nobody can begin another epoch. */
  async #current(): Promise<Epoch | undefined> {
    const askedAt = performance.now();
    try {
      const known = await this.#epochs.current();
      if (known && known.epoch !== this.#epoch) this.#epoch = known.epoch;
      this.#lookedAt = askedAt;
      return known;
    } catch (error) {
      if (isUnreachable(error)) this.#lookedAt = askedAt;
      throw error;
    }
  }

  get #marker(): string {
    return `${this.#options.namespace}:${this.name}`;
  }

  /** An entry, and the lease to fill it. */
  #keys(epoch: number, id: string): [string, string] {
    const entry = `${this.#marker}:${epoch}:${id}`;
    return [entry, `${entry}:lease`];
  }
}

/** Nothing where Redis is away: that is nobody's fault, and looked after. */
const asked = <T>(redis: RedisLink, work: Parameters<typeof redis.call<T>>[0]): Promise<T | undefined> =>
  redis.call(work).catch(() => undefined);
