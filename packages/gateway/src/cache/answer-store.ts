import type { HeaderList } from '../wire/header-list.ts';
import { fits, type StoredAnswer } from './stored-answer.ts';

export interface AnswerStoreOptions {
  readonly maxBytes: number;
  /** How many variants one address may have. */
  readonly maxVariants?: number;
}

interface Shelf {
  readonly key: string;
  variants: readonly StoredAnswer[];
  bytes: number;
  /** Since it was last looked at for being forgotten. */
  wasUsed: boolean;
}

const OVERHEAD_BYTES = 512;
const MAX_VARIANTS = 16;

/**
 * Answers in memory within a bound of bytes: the oldest that was not used since the last look at it goes first (a
 * second chance for those that were). To keep them in the order of their use would cost more than the answers.
 */
export class AnswerStore {
  readonly #shelves = new Map<string, Shelf>();
  readonly #byTag = new Map<string, Set<string>>();
  #bytes = 0;

  constructor(private readonly options: AnswerStoreOptions) {}

  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#shelves.size;
  }

  find(key: string, asked: HeaderList): StoredAnswer | undefined {
    const shelf = this.#shelves.get(key);
    if (!shelf) return undefined;
    shelf.wasUsed = true;
    for (const variant of shelf.variants) if (fits(variant, asked)) return variant;
    return undefined;
  }

  has(key: string): boolean {
    return this.#shelves.has(key);
  }

  /** Puts an answer in the place of the one with the same variant. */
  put(key: string, answer: StoredAnswer): void {
    const before = this.#shelves.get(key)?.variants ?? [];
    const others = before.filter((other) => !sameVariant(other, answer));
    this.delete(key);
    const variants = [answer, ...others].slice(0, this.options.maxVariants ?? MAX_VARIANTS);
    const bytes = variants.reduce((sum, variant) => sum + sizeOf(key, variant), 0);
    if (bytes > this.options.maxBytes) return;
    this.#shelves.set(key, { key, variants, bytes, wasUsed: false });
    this.#bytes += bytes;
    for (const tag of new Set(variants.flatMap(({ tags }) => tags))) {
      const keys = this.#byTag.get(tag) ?? new Set();
      this.#byTag.set(tag, keys.add(key));
    }
    while (this.#bytes > this.options.maxBytes) this.#forgetOldest();
  }

  #forgetOldest(): void {
    for (const [key, shelf] of this.#shelves) {
      if (!shelf.wasUsed) return this.delete(key);
      shelf.wasUsed = false;
      this.#shelves.delete(key);
      this.#shelves.set(key, shelf);
    }
  }

  delete(key: string): void {
    const shelf = this.#shelves.get(key);
    if (!shelf) return;
    this.#shelves.delete(key);
    this.#bytes -= shelf.bytes;
    for (const tag of shelf.variants.flatMap(({ tags }) => tags)) {
      const keys = this.#byTag.get(tag);
      keys?.delete(key);
      if (keys?.size === 0) this.#byTag.delete(tag);
    }
  }

  /** Forgets everything with the tag; answers how many addresses that were. */
  purge(tag: string): number {
    const keys = [...(this.#byTag.get(tag) ?? [])];
    for (const key of keys) this.delete(key);
    return keys.length;
  }

  clear(): void {
    for (const key of [...this.#shelves.keys()]) this.delete(key);
  }
}

function sameVariant(one: StoredAnswer, other: StoredAnswer): boolean {
  if (one.variant.size !== other.variant.size) return false;
  for (const [name, value] of one.variant) if (other.variant.get(name) !== value) return false;
  return true;
}

function sizeOf(key: string, { body, headers, tags }: StoredAnswer): number {
  const text =
    headers.flat.reduce((sum, part) => sum + part.length, 0) + tags.reduce((sum, tag) => sum + tag.length, 0);
  // Its fields are kept as lines too, once they were told: by themselves, and with those of the last hit.
  return body.length + 3 * text + key.length + OVERHEAD_BYTES;
}
