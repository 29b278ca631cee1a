import { type Stop, systemTimers, type Timers } from '@ashlar/domain';
import { type Database, isUnreachable } from '@ashlar/postgres';
import { type Epoch, Epochs } from './epochs.ts';
import type { RedisLink } from './redis-link.ts';

export interface EpochTrustOptions {
  /** Of what is kept in Redis: one row of epochs, and the beginning of its keys behind the namespace. */
  readonly name: string;
  readonly namespace: string;
  readonly db: Database;
  readonly redis: RedisLink;
  readonly timers?: Timers;
  readonly onError?: (error: unknown) => void;
  /** Hears after each look whether Redis can be relied upon. */
  readonly onLook?: (isTrusted: boolean) => void;
}

const LOOK_EVERY_MS = 250;
/** Without a look for so long, somebody may have begun another epoch. */
const TRUSTED_MS = 600;

/** Whether what is kept in Redis can be relied upon, as this process knows it from looking four times a second. */
export class EpochTrust {
  readonly epochs: Epochs;
  readonly #options: Required<EpochTrustOptions>;
  #stopLooking: Stop = () => {};
  #looking: Promise<unknown> = Promise.resolve();
  #epoch: number | undefined;
  /** The connection on which the run of the server was found to be that of the epoch. */
  #provenOn: number | undefined;
  #lookedAt = 0;

  constructor({ name, namespace, db, redis, timers, onError, onLook }: EpochTrustOptions) {
    this.#options = {
      ...{ name, namespace, db, redis },
      timers: timers ?? systemTimers,
      onError: onError ?? (() => {}),
      onLook: onLook ?? (() => {}),
    };
    this.epochs = new Epochs(db, name);
  }

  async prepare(): Promise<void> {
    const { timers, onError } = this.#options;
    await this.epochs.prepare();
    const look = () => {
      const looking = this.#look().finally(() => this.#options.onLook(this.epoch !== undefined));
      this.#looking = looking;
      return looking;
    };
    await look();
    this.#stopLooking = timers.every(LOOK_EVERY_MS, look, onError);
  }

  async close(): Promise<void> {
    this.#stopLooking();
    await this.#looking.catch(() => {});
  }

  /** The epoch whose entries may be read; none while Redis is away, or not proven. */
  get epoch(): number | undefined {
    const isProven = this.#provenOn === this.#options.redis.connection;
    return isProven && performance.now() - this.#lookedAt < TRUSTED_MS ? this.#epoch : undefined;
  }

  /** After a failure, until a look finds the server well: so no request waits for one that hangs. */
  doubt(): void {
    this.#provenOn = undefined;
  }

  /** The beginning of the keys of an epoch. */
  prefix(epoch: number): string {
    return `${this.#marker}:${epoch}`;
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
    const epoch = isAnother ? await this.epochs.beginAnew(known, runId) : known;
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
      const known = await this.epochs.current();
      if (known && known.epoch !== this.#epoch) this.#epoch = known.epoch;
      this.#lookedAt = askedAt;
      return known;
    } catch (error) {
      if (isUnreachable(error)) this.#lookedAt = askedAt;
      throw error;
    }
  }

  get #marker(): string {
    return `${this.#options.namespace}:${this.#options.name}`;
  }
}

/** Nothing where Redis is away: that is nobody's fault, and looked after. */
const asked = <T>(redis: RedisLink, work: Parameters<typeof redis.call<T>>[0]): Promise<T | undefined> =>
  redis.call(work).catch(() => undefined);
