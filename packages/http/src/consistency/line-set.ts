import { createHash } from 'node:crypto';
import type { Written } from '@ashlar/telemetry';

type Line = Pick<Written, 'channel' | 'key'>;

const BYTES = 32;
const HASHES = 3;

/**
 * A set of lines in 32 bytes (Bloom 1970), however many they are. It knows each line that was added; and, the more
 * were, the more often others as well.
 */
export class LineSet {
  static readonly bytes = BYTES;

  constructor(readonly bits: Uint8Array = new Uint8Array(BYTES)) {}

  with(lines: readonly Line[]): LineSet {
    const bits = Uint8Array.from(this.bits);
    for (const bit of lines.flatMap(bitsOf)) bits[bit >> 3]! |= 1 << (bit & 7);
    return new LineSet(bits);
  }

  union(other: LineSet): LineSet {
    return new LineSet(this.bits.map((byte, at) => byte | other.bits[at]!));
  }

  mayHave(line: Line): boolean {
    return bitsOf(line).every((bit) => (this.bits[bit >> 3]! & (1 << (bit & 7))) !== 0);
  }
}

/** A byte of the hash is one of the 256 bits. */
const bitsOf = ({ channel, key }: Line): number[] => [
  ...createHash('sha1').update(`${channel}\n${key}`).digest().subarray(0, HASHES),
];
