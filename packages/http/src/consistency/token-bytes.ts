/** A text or bytes that no token of ours has. */
export class MalformedBytesError extends Error {
  override readonly name = 'MalformedBytesError';
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** In place of a key's length: sixteen bytes of a UUID follow. */
const UUID_KEY = 0;

export class TokenWriter {
  readonly #bytes: number[] = [];

  byte(value: number): void {
    this.#bytes.push(value);
  }

  bytes(values: Iterable<number>): void {
    this.#bytes.push(...values);
  }

  text(text: string): void {
    const encoded = Buffer.from(text);
    this.number(encoded.length);
    this.bytes(encoded);
  }

  key(key: string): void {
    if (!UUID.test(key)) return this.text(key);
    this.byte(UUID_KEY);
    this.bytes(Buffer.from(key.replaceAll('-', ''), 'hex'));
  }

  /** LEB128: seven bits a byte, the highest bit says that more follow. */
  number(value: number): void {
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.byte((rest % 128) | 128);
    this.byte(rest);
  }

  toString(): string {
    return Buffer.from(this.#bytes).toString('base64url');
  }
}

/** Reads what a `TokenWriter` has written; throws `MalformedBytesError` at anything else. */
export class TokenReader {
  #at = 0;
  readonly #bytes: Buffer;

  constructor(text: string) {
    this.#bytes = Buffer.from(text, 'base64url');
    if (this.#bytes.toString('base64url') !== text) throw new MalformedBytesError();
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  byte(): number {
    return this.bytes(1)[0]!;
  }

  bytes(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new MalformedBytesError();
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  key(): string {
    const length = this.number();
    if (length !== UUID_KEY) return this.#text(length);
    const hex = this.bytes(16).toString('hex');
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  }

  text(): string {
    return this.#text(this.number());
  }

  number(): number {
    let value = 0;
    for (let factor = 1; factor <= Number.MAX_SAFE_INTEGER; factor *= 128) {
      const byte = this.byte();
      value += (byte & 127) * factor;
      if (byte < 128 && Number.isSafeInteger(value)) return value;
    }
    throw new MalformedBytesError();
  }

  #text(length: number): string {
    if (length === 0) throw new MalformedBytesError();
    const text = this.bytes(length).toString('utf8');
    if (text.includes('\uFFFD') || text.includes('\0')) throw new MalformedBytesError();
    return text;
  }
}
