import { randomFillSync } from 'node:crypto';

/** Where new identifiers come from: UUIDv7 in production, a seeded sequence under simulation. */
export interface Ids {
  next(): string;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/**
 * UUIDv7 (RFC 9562, 6.2 method 1): milliseconds, a 12-bit counter that starts anew each millisecond, 62 random bits.
 */
export class UuidV7Ids implements Ids {
  #lastMs = 0;
  #counter = 0;
  readonly #pool = new Uint8Array(4096);
  #used = this.#pool.length;

  next(): string {
    const nowMs = Math.max(Date.now(), this.#lastMs);
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
    const random = this.#pool.subarray(this.#used, this.#used + 8);
    this.#used += 8;
    const time = ms.toString(16).padStart(12, '0');
    const tail = HEX[(random[0]! & 0x3f) | 0x80]! + HEX[random[1]!]!;
    const node =
      HEX[random[2]!]! + HEX[random[3]!]! + HEX[random[4]!]! + HEX[random[5]!]! + HEX[random[6]!]! + HEX[random[7]!]!;
    return `${time.slice(0, 8)}-${time.slice(8)}-7${counter.toString(16).padStart(3, '0')}-${tail}-${node}`;
  }
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export const isUuid = (text: string): boolean => UUID.test(text);
