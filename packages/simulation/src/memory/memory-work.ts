import { AsyncLocalStorage } from 'node:async_hooks';
import {
  ConcurrencyError,
  isRetryable,
  RANK,
  type TransactionOptions,
  type UnitOfWork,
  UnknownCommitError,
  type WriteBuffer,
} from '@ashlar/postgres';
import type { Instance } from '../instance.ts';
import { RefusedError, SQL_STATE } from './memory-errors.ts';
import { type LockMode, Locks } from './memory-locks.ts';

/** One change of what is kept. All of a transaction are checked first; then all of them happen, or none. */
export interface Change {
  /** The row that it changes: whoever has locked it is waited for. */
  readonly row?: string;
  /** Throws if someone else has changed what this one builds upon. */
  check?(): void;
  apply(): void;
}

/** Keeps the changes of a transaction until its end; like a `WriteBuffer` for SQL. */
export interface ChangeBuffer {
  readonly rank: number;
  readonly name: string;
  mark(): unknown;
  restore(mark: unknown): void;
  changes(): readonly Change[];
  committed?(): void;
}

interface MemoryTransaction {
  readonly instance: Instance;
  /** The number of the instance's sessions at its beginning. */
  readonly sessions: number;
  readonly buffers: Map<object, WriteBuffer | ChangeBuffer>;
  readonly afterCommit: (() => void)[];
  ended: boolean;
}

/** As `lock_timeout` of a service's sessions. */
const LOCK_WITHIN_MS = 2_000;

const isChanges = (buffer: WriteBuffer | ChangeBuffer): buffer is ChangeBuffer => 'changes' in buffer;

export interface MemoryWorkOptions {
  readonly instance: Instance;
  /** Those of the service's database, whichever instance is running. */
  readonly locks?: Locks;
  /** Hears of callbacks that fail after a commit; by default the run ends with it. */
  readonly onError?: (error: unknown) => void;
}

/**
 * Transactions on memory, with commit and rollback, as one instance has them on what its service keeps. Reads see
 * what is committed; writes are checked and happen at the end, at once. Rows and names are locked as long as a
 * transaction lasts.
 */
export class MemoryWork implements UnitOfWork {
  readonly instance: Instance;
  readonly #locks: Locks;
  readonly #onError: (error: unknown) => void;
  readonly #ambient = new AsyncLocalStorage<MemoryTransaction>();

  constructor({ instance, locks = new Locks(), onError }: MemoryWorkOptions) {
    this.instance = instance;
    this.#locks = locks;
    this.#onError = onError ?? ((error) => instance.world.fail(error));
  }

  get inTransaction(): boolean {
    return this.#ambient.getStore() !== undefined;
  }

  async transaction<T>(work: () => Promise<T>, { retries = 10 }: TransactionOptions = {}): Promise<T> {
    const outer = this.#open();
    if (outer) return this.#nested(outer, work);
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#run(work);
      } catch (error) {
        if (!isRetryable(error) || attempt > retries) throw error;
        await this.instance.pass(Math.min(2 ** attempt, 100));
      }
    }
  }

  /** For patterns that know no SQL, and keep only what they have loaded. */
  buffer<B extends WriteBuffer>(owner: object, create: () => B): B {
    return this.#bufferOf(owner, create);
  }

  stage<B extends ChangeBuffer>(owner: object, create: () => B): B {
    return this.#bufferOf(owner, create);
  }

  afterCommit(callback: () => void): void {
    const transaction = this.#open();
    if (transaction) transaction.afterCommit.push(callback);
    else callback();
  }

  /** A read of what is committed, or another call of the database. */
  read<T>(what: string, effect: () => T): Promise<T> {
    const transaction = this.#open();
    return this.instance.call(what, () => {
      if (transaction) checkSession(transaction);
      return effect();
    });
  }

  /** Changes what is kept: at once, or at the end of the ambient transaction if there is one. */
  async change(what: string, apply: () => void): Promise<void> {
    if (!this.#open()) return this.instance.call(what, apply);
    this.stage(ChangeList, () => new ChangeList('changes', RANK.others)).add({ apply });
  }

  /**
   * Locks rows, or whatever else these names stand for, until the end of the ambient transaction, in the order that is
   * given. Waits for who has them; for 2 s, then it fails and the transaction begins again.
   */
  async lock(names: readonly string[], mode: LockMode = 'exclusive'): Promise<void> {
    const owner = this.#open();
    if (!owner) throw new Error('A lock needs a transaction.');
    for (const name of names) {
      await owner.instance.awake();
      // It may have died, in the same instant.
      if (!owner.instance.isAlive) return new Promise(() => {});
      checkSession(owner);
      if (!this.#locks.take(name, owner, mode)) await this.#waitFor(name, owner, mode);
    }
  }

  /** Whether a transaction has locked this. */
  isLocked(name: string): boolean {
    return this.#locks.isHeld(name);
  }

  #waitFor(name: string, owner: MemoryTransaction, mode: LockMode): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const stopWaiting = this.#locks.wait(name, { owner, mode, granted: resolve });
    const stop = this.instance.timers.once(LOCK_WITHIN_MS, () => {
      stopWaiting();
      reject(new RefusedError(`canceling statement due to lock timeout: ${name}`, SQL_STATE.lockTimeout));
    });
    return promise.finally(stop).finally(() => this.instance.awake());
  }

  #open(): MemoryTransaction | undefined {
    const transaction = this.#ambient.getStore();
    if (transaction?.ended) throw new Error('The transaction of this call has ended: a promise was not awaited.');
    return transaction;
  }

  #bufferOf<B extends WriteBuffer | ChangeBuffer>(owner: object, create: () => B): B {
    const transaction = this.#open();
    if (!transaction) throw new Error('This write needs a transaction.');
    let buffer = transaction.buffers.get(owner);
    if (!buffer) {
      buffer = create();
      transaction.buffers.set(owner, buffer);
    }
    return buffer as B;
  }

  async #nested<T>(transaction: MemoryTransaction, work: () => Promise<T>): Promise<T> {
    const marks = [...transaction.buffers].map(([owner, buffer]) => ({ owner, buffer, mark: buffer.mark() }));
    const callbacks = transaction.afterCommit.length;
    try {
      return await work();
    } catch (error) {
      const known = new Set(marks.map(({ owner }) => owner));
      for (const { buffer, mark } of marks) buffer.restore(mark);
      for (const owner of transaction.buffers.keys()) if (!known.has(owner)) transaction.buffers.delete(owner);
      transaction.afterCommit.length = callbacks;
      throw error;
    }
  }

  async #run<T>(work: () => Promise<T>): Promise<T> {
    const { instance } = this;
    const { sessions } = instance;
    const transaction: MemoryTransaction = { instance, sessions, buffers: new Map(), afterCommit: [], ended: false };
    try {
      const result = await this.#ambient.run(transaction, work);
      await this.#ambient.run(transaction, () => this.#commit(transaction));
      this.#tell(transaction);
      return result;
    } finally {
      transaction.ended = true;
      this.#locks.release(transaction);
    }
  }

  async #commit(transaction: MemoryTransaction): Promise<void> {
    const buffers = () => [...transaction.buffers.values()].sort(inLockOrder);
    for (const buffer of buffers()) if (!isChanges(buffer)) await buffer.prepare?.();
    const changes = buffers().flatMap((buffer) => (isChanges(buffer) ? buffer.changes() : withoutStatements(buffer)));
    await this.lock(changes.flatMap(({ row }) => row ?? []));
    transaction.ended = true;
    if (changes.length > 0) await this.#write(transaction, changes);
  }

  async #write(transaction: MemoryTransaction, changes: readonly Change[]): Promise<void> {
    const { faults } = this.instance.world;
    const isRefused = faults.strikes('refusedCommit');
    const breaksRule = faults.strikes('brokenRule');
    const isUnknown = faults.strikes('unknownCommit');
    const isLost = isUnknown && this.instance.world.random.happens(0.5);
    await this.instance.call('commit', () => {
      try {
        if (isRefused) throw new ConcurrencyError('A transaction');
        if (breaksRule) throw new RefusedError('new row violates a rule', SQL_STATE.check);
        if (isLost || hasLostSession(transaction))
          throw new UnknownCommitError('The connection was lost before the commit.');
        for (const { check } of changes) check?.();
        for (const { apply } of changes) apply();
      } finally {
        this.#locks.release(transaction);
      }
    });
    if (isUnknown) throw new UnknownCommitError('The connection was lost after the commit.');
  }

  /** Whoever fails now can no longer take the commit back, nor keep the others from hearing of it. */
  #tell({ buffers, afterCommit }: MemoryTransaction): void {
    const told = [...buffers.values()].map((buffer) => () => buffer.committed?.());
    for (const tell of [...told, ...afterCommit]) {
      try {
        tell();
      } catch (error) {
        this.#onError(error);
      }
    }
  }
}

const hasLostSession = ({ instance, sessions }: MemoryTransaction): boolean => instance.sessions !== sessions;

function checkSession(transaction: MemoryTransaction): void {
  if (!hasLostSession(transaction)) return;
  throw new RefusedError('terminating connection due to idle-in-transaction timeout', SQL_STATE.idleInTransaction);
}

const inLockOrder = (a: { rank: number; name: string }, b: { rank: number; name: string }): number =>
  a.rank - b.rank || (a.name < b.name ? -1 : 1);

function withoutStatements(buffer: WriteBuffer): readonly Change[] {
  if (buffer.flush().length > 0) throw new Error(`${buffer.name} writes SQL: there is none on memory.`);
  return [];
}

/** Changes one after another, for what needs no look at what was loaded. */
export class ChangeList implements ChangeBuffer {
  readonly #changes: Change[] = [];

  constructor(
    readonly name: string,
    readonly rank: number,
    readonly committed: () => void = () => {},
  ) {}

  add(change: Change): void {
    this.#changes.push(change);
  }

  mark(): number {
    return this.#changes.length;
  }

  restore(mark: unknown): void {
    this.#changes.length = mark as number;
  }

  changes(): Change[] {
    return this.#changes;
  }
}
