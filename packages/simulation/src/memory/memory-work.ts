import { AsyncLocalStorage } from 'node:async_hooks';
import {
  ConcurrencyError,
  isRetryable,
  type TransactionOptions,
  type UnitOfWork,
  UnknownCommitError,
  type WriteBuffer,
} from '@ashlar/postgres';
import type { Instance } from '../instance.ts';

/** One change of what is kept. All of a transaction are checked first; then all of them happen, or none. */
export interface Change {
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
  readonly buffers: Map<object, WriteBuffer | ChangeBuffer>;
  readonly afterCommit: (() => void)[];
  ended: boolean;
}

const isChanges = (buffer: WriteBuffer | ChangeBuffer): buffer is ChangeBuffer => 'changes' in buffer;

/**
 * Transactions on memory, with commit and rollback, as one instance has them on what its service keeps. Reads see
 * what is committed; writes are checked and happen at the end, at once.
 */
export class MemoryWork implements UnitOfWork {
  readonly #ambient = new AsyncLocalStorage<MemoryTransaction>();

  constructor(readonly instance: Instance) {}

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
        await this.instance.world.pass(Math.min(2 ** attempt, 100));
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
    return this.instance.call(what, effect);
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
    const transaction: MemoryTransaction = { buffers: new Map(), afterCommit: [], ended: false };
    const result = await this.#ambient.run(transaction, work).catch((error) => {
      transaction.ended = true;
      throw error;
    });
    transaction.ended = true;
    await this.#commit(transaction);
    return result;
  }

  async #commit({ buffers, afterCommit }: MemoryTransaction): Promise<void> {
    const staged = [...buffers.values()].filter(isChanges).sort(inLockOrder);
    const changes = staged.flatMap((buffer) => buffer.changes());
    if (changes.length > 0) await this.#write(changes);
    for (const buffer of staged) buffer.committed?.();
    for (const callback of afterCommit) callback();
  }

  async #write(changes: readonly Change[]): Promise<void> {
    const { faults } = this.instance.world;
    const isRefused = faults.strikes('refusedCommit');
    const isUnknown = faults.strikes('unknownCommit');
    const isLost = isUnknown && this.instance.world.random.happens(0.5);
    await this.instance.call('commit', () => {
      if (isRefused) throw new ConcurrencyError('A transaction');
      if (isLost) throw new UnknownCommitError('The connection was lost before the commit.');
      for (const { check } of changes) check?.();
      for (const { apply } of changes) apply();
    });
    if (isUnknown) throw new UnknownCommitError('The connection was lost after the commit.');
  }
}

const inLockOrder = (a: ChangeBuffer, b: ChangeBuffer): number => a.rank - b.rank || (a.name < b.name ? -1 : 1);

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
