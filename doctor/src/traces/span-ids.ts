import { createHash } from 'node:crypto';

const HEXADECIMAL = /^[0-9a-f]*$/;
const MOST_WRITTEN = 200_000;

/** Ids as hexadecimal numbers of one length; what is none, or is longer, is kept as it was written. */
export class SpanIds {
  readonly #written = new Map<string, string>();

  hexOf(id: string, length: number): string {
    const lower = id.toLowerCase();
    if (lower.length <= length && HEXADECIMAL.test(lower)) return lower.padStart(length, '0');
    const made = createHash('sha1').update(id).digest('hex').slice(0, length);
    if (this.#written.size < MOST_WRITTEN) this.#written.set(made, id);
    return made;
  }

  writtenAs(hex: string): string {
    return this.#written.get(hex) ?? hex;
  }
}
