import { RANK, type WriteBuffer } from './transaction.ts';
import type { UnitOfWork } from './unit-of-work.ts';

/**
 * What a transaction has read once and need not ask for again (identity map, Fowler 2002). It ends with the
 * transaction, and a part of it that fails takes back what it has noted. Outside of a transaction it keeps nothing.
 */
export class IdentityMap<Value> {
  constructor(private readonly work: Pick<UnitOfWork, 'buffer' | 'inTransaction'>) {}

  get(id: string): Value | undefined {
    return this.#known?.get(id);
  }

  /** Nothing: it is to be asked for again. */
  set(id: string, value: Value | undefined): void {
    this.#known?.set(id, value);
  }

  get #known(): Known<Value> | undefined {
    return this.work.inTransaction ? this.work.buffer(this, () => new Known<Value>()) : undefined;
  }
}

/** It writes nothing; as a buffer it follows the parts of its transaction. */
class Known<Value> implements WriteBuffer {
  readonly rank = RANK.aggregates;
  readonly name = 'identity map';
  readonly #values = new Map<string, Value | undefined>();
  readonly #undo: { id: string; value: Value | undefined }[] = [];

  get(id: string): Value | undefined {
    return this.#values.get(id);
  }

  set(id: string, value: Value | undefined): void {
    this.#undo.push({ id, value: this.#values.get(id) });
    this.#values.set(id, value);
  }

  mark(): number {
    return this.#undo.length;
  }

  restore(mark: unknown): void {
    for (const { id, value } of this.#undo.splice(mark as number).reverse()) this.#values.set(id, value);
  }

  flush() {
    return [];
  }
}
