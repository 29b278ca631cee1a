import { randomFillSync } from 'node:crypto';

/** Where new identifiers come from: UUIDv7 in production, a seeded sequence under simulation. */
export interface Ids {
  next(): string;
}

const DIGITS = '0123456789abcdef';
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/**
 * UUIDv7 (RFC 9562, 6.2 method 1): milliseconds, a 12-bit counter that starts anew each millisecond, 62 random bits.
 */
export class UuidV7Ids implements Ids {
  #lastMs = 0;
  #counter = 0;
  #timeMs = -1;
  #time = '';
  readonly #pool = new Uint8Array(4096);
  #used = this.#pool.length;

  /** `atMs`: for who has just looked at the clock. */
  next(atMs = Date.now()): string {
    const nowMs = Math.max(atMs, this.#lastMs);
    this.#counter = nowMs === this.#lastMs ? this.#counter + 1 : 0;
    this.#lastMs = this.#counter > 0xfff ? nowMs + 1 : nowMs;
    if (this.#counter > 0xfff) this.#counter = 0;
    return this.#format(this.#lastMs, this.#counter);
  }

  #format(ms: number, counter: number): string {
    if (this.#used + 8 > this.#pool.length) {
      randomFillSync(this.#pool);
      this.#used = 0;
    }
    const random = this.#pool;
    const at = this.#used;
    this.#used += 8;
    const tail = HEX[(random[at]! & 0x3f) | 0x80]! + HEX[random[at + 1]!]!;
    let node = '';
    for (let byte = at + 2; byte < at + 8; byte++) node += HEX[random[byte]!]!;
    return `${this.#timeOf(ms)}-7${DIGITS[counter >> 8]!}${HEX[counter & 0xff]!}-${tail}-${node}`;
  }

  /** Made once for all of one millisecond. */
  #timeOf(ms: number): string {
    if (ms === this.#timeMs) return this.#time;
    const digits = ms.toString(16).padStart(12, '0');
    this.#timeMs = ms;
    this.#time = `${digits.slice(0, 8)}-${digits.slice(8)}`;
    return this.#time;
  }
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export const isUuid = (text: string): boolean => UUID.test(text);
