const OPCODE = 0x0f;
const CLOSE = 0x08;
const LAST = 0x80;
const MASKED = 0x80;
const LENGTH = 0x7f;
const LENGTH_IN_TWO_BYTES = 126;
const LENGTH_IN_EIGHT_BYTES = 127;

/** Follows the frames of one side of a WebSocket as they pass (RFC 6455, section 5.2); it keeps and changes nothing. */
export class FrameWatch {
  #head: number[] = [];
  #bytesLeft = 0;
  /** One has said that it is the last one. */
  hasClosed = false;

  /** Another frame can be sent here. */
  get isBetween(): boolean {
    return this.#bytesLeft === 0 && this.#head.length === 0 && !this.hasClosed;
  }

  passed(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#bytesLeft === 0) this.#readHead(bytes[at++]!);
      else {
        const taken = Math.min(this.#bytesLeft, bytes.length - at);
        this.#bytesLeft -= taken;
        at += taken;
      }
    }
  }

  #readHead(byte: number): void {
    this.#head.push(byte);
    const [first, second] = this.#head;
    if (second === undefined) return;
    const extended = bytesOfLength(second & LENGTH);
    if (this.#head.length < 2 + extended + ((second & MASKED) === 0 ? 0 : 4)) return;
    const told = this.#head.slice(2, 2 + extended).reduce((sum, digit) => sum * 256 + digit, 0);
    this.#bytesLeft = extended === 0 ? second & LENGTH : told;
    if ((first! & OPCODE) === CLOSE) this.hasClosed = true;
    this.#head = [];
  }
}

function bytesOfLength(length: number): number {
  if (length === LENGTH_IN_TWO_BYTES) return 2;
  return length === LENGTH_IN_EIGHT_BYTES ? 8 : 0;
}

/** A frame that says why a WebSocket ends; what goes to a server is masked, if only with zeros. */
export function closeFrame(code: number, to: 'client' | 'server'): Buffer {
  const mask = to === 'server' ? [0, 0, 0, 0] : [];
  return Buffer.from([LAST | CLOSE, (to === 'server' ? MASKED : 0) | 2, ...mask, code >> 8, code & 0xff]);
}
