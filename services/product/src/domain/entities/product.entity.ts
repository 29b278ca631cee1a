import { currencyMismatch, type Money } from '@ashlar/domain';
import { ProductError } from '../errors/product.errors.ts';
import type { ProductEvent } from '../events/product.events.ts';

export type ProductStatus = 'active' | 'archived';

export interface ProductDetails {
  readonly name: string;
  readonly description: string;
  readonly category: string;
  readonly price: Money;
}

export interface ProductDraft extends ProductDetails {
  readonly id: string;
  readonly sku: string;
}

export interface ProductState extends ProductDraft {
  readonly status: ProductStatus;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** Counts the changes, from 1; the present one included. */
  readonly version: number;
}

/** Something for sale. An archived one is kept for the orders that name it. */
export class Product {
  readonly #events: ProductEvent[] = [];
  readonly #loadedVersion: number;

  private constructor(private current: ProductState) {
    this.#loadedVersion = current.version;
  }

  static create({ id, sku, ...details }: ProductDraft, at: Date): Product {
    const state = { id, sku, ...tidy(details), status: 'active', createdAt: at, updatedAt: at, version: 0 } as const;
    const product = new Product(state);
    product.#become({}, { type: 'ProductCreated', at });
    return product;
  }

  static restore(state: ProductState): Product {
    return new Product(state);
  }

  get state(): ProductState {
    return this.current;
  }

  /** What is the same as before is no change, and nobody is told of it. */
  change(changes: Partial<ProductDetails>, at: Date): void {
    const { id, status, price } = this.current;
    if (status === 'archived') throw ProductError.archived(id);
    const { currency = price.currency } = changes.price ?? {};
    if (currency !== price.currency) throw currencyMismatch(currency, price.currency);
    const next = tidy({ ...this.current, ...changes });
    if (!isSame(next, this.current)) this.#become(next, { type: 'ProductChanged', at });
  }

  /** Takes it out of every list; doing so again changes nothing. */
  archive(at: Date): void {
    if (this.current.status === 'archived') return;
    this.#become({ status: 'archived' }, { type: 'ProductArchived', at });
  }

  /** The events since it was loaded, handed over once. */
  takeEvents(): ProductEvent[] {
    return this.#events.splice(0);
  }

  #become(change: Partial<ProductState>, { type, at }: { type: ProductEvent['type']; at: Date }): void {
    this.current = { ...this.current, ...change, updatedAt: at, version: this.#loadedVersion + 1 };
    this.#events.push({ type, product: this.current });
  }
}

const tidy = ({ name, description, category, price }: ProductDetails): ProductDetails => ({
  name: name.trim(),
  description: description.trim(),
  category: category.trim(),
  price,
});

const isSame = (a: ProductDetails, b: ProductDetails): boolean =>
  a.name === b.name &&
  a.description === b.description &&
  a.category === b.category &&
  a.price.amount === b.price.amount;
