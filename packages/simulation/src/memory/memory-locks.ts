export type LockMode = 'shared' | 'exclusive';

/** Whoever may hold locks: a transaction, and the instance with whose death it ends. */
export interface LockOwner {
  readonly instance: object;
}

interface Waiting {
  readonly owner: LockOwner;
  readonly mode: LockMode;
  readonly granted: () => void;
}

interface Lock {
  readonly holders: Map<LockOwner, LockMode>;
  waiting: Waiting[];
}

/**
 * The locks of one service's database: who comes second waits until the transaction of the first has ended. Those who
 * wait are served in the order in which they came.
 */
export class Locks {
  readonly #locks = new Map<string, Lock>();

  /** Takes the lock if it is free for this owner; answers whether it was. */
  take(name: string, owner: LockOwner, mode: LockMode): boolean {
    const lock = this.#locks.get(name);
    if (!lock) {
      this.#locks.set(name, { holders: new Map([[owner, mode]]), waiting: [] });
      return true;
    }
    const isFirst = lock.waiting.length === 0 || lock.holders.has(owner);
    if (!isFirst || !isFree(lock, owner, mode)) return false;
    hold(lock, owner, mode);
    return true;
  }

  /** Calls back when the lock is the owner's; answers how to stop waiting for it. */
  wait(name: string, { owner, mode, granted }: Waiting): () => void {
    const lock = this.#locks.get(name)!;
    const waiting = { owner, mode, granted };
    lock.waiting.push(waiting);
    return () => {
      lock.waiting = lock.waiting.filter((one) => one !== waiting);
      this.#serve(name, lock);
    };
  }

  /** Whether anybody holds the lock. */
  isHeld(name: string): boolean {
    return this.#locks.has(name);
  }

  /** The transaction has ended. */
  release(owner: LockOwner): void {
    this.#drop((one) => one === owner);
  }

  /** The instance has died, and with it every transaction that it had begun. */
  forget(instance: object): void {
    this.#drop((one) => one.instance === instance);
  }

  #drop(isGone: (owner: LockOwner) => boolean): void {
    for (const [name, lock] of [...this.#locks]) {
      const before = lock.holders.size + lock.waiting.length;
      for (const owner of [...lock.holders.keys()]) if (isGone(owner)) lock.holders.delete(owner);
      lock.waiting = lock.waiting.filter(({ owner }) => !isGone(owner));
      if (lock.holders.size + lock.waiting.length < before) this.#serve(name, lock);
    }
  }

  #serve(name: string, lock: Lock): void {
    for (let next = lock.waiting[0]; next && isFree(lock, next.owner, next.mode); next = lock.waiting[0]) {
      lock.waiting.shift();
      hold(lock, next.owner, next.mode);
      next.granted();
    }
    if (lock.holders.size === 0 && lock.waiting.length === 0) this.#locks.delete(name);
  }
}

function hold(lock: Lock, owner: LockOwner, mode: LockMode): void {
  lock.holders.set(owner, lock.holders.get(owner) === 'exclusive' ? 'exclusive' : mode);
}

const isFree = ({ holders }: Lock, owner: LockOwner, mode: LockMode): boolean =>
  [...holders].every(([other, held]) => other === owner || (held === 'shared' && mode === 'shared'));
