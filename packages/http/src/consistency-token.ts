import { DomainError } from '@ashlar/domain';
import type { Written } from '@ashlar/telemetry';

const VERSION = 1;
const LONGEST = 512;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** In place of a key's length: sixteen bytes of a UUID follow. */
const UUID_KEY = 0;

/**
 * Read-your-writes as a value: which messages a client has caused, so that a later read can wait for their effects.
 * Entries are ordered from the oldest to the newest; one per line, with its highest sequence.
 */
export function mergeWritten(older: readonly Written[], newer: readonly Written[]): Written[] {
  const merged = new Map<string, Written>();
  for (const entry of [...older, ...newer]) {
    const line = `${entry.channel}\n${entry.key}`;
    const known = merged.get(line);
    merged.delete(line);
    merged.set(line, known && known.sequence > entry.sequence ? known : entry);
  }
  return [...merged.values()];
}

/** The token's text: base64url of a version byte and packed entries. At most 512 bytes; the oldest entries give way. */
export function formatConsistencyToken(written: readonly Written[]): string {
  for (let oldest = Math.max(0, written.length - MOST_ENTRIES); ; oldest++) {
    const token = pack(written.slice(oldest)).toString('base64url');
    if (token.length <= LONGEST) return token;
  }
}

/** An entry takes at least three bytes, so no token holds more than this. */
const MOST_ENTRIES = 128;

function pack(written: readonly Written[]): Buffer {
  const bytes: number[] = [VERSION];
  const channels: string[] = [];
  for (const { channel, key, sequence } of written) {
    const known = channels.indexOf(channel);
    bytes.push(known + 1);
    if (known < 0) {
      channels.push(channel);
      pushText(bytes, channel);
    }
    if (UUID.test(key)) bytes.push(UUID_KEY, ...Buffer.from(key.replaceAll('-', ''), 'hex'));
    else pushText(bytes, key);
    pushNumber(bytes, sequence);
  }
  return Buffer.from(bytes);
}

function pushText(bytes: number[], text: string): void {
  const encoded = Buffer.from(text);
  pushNumber(bytes, encoded.length);
  bytes.push(...encoded);
}

/** LEB128: seven bits a byte, the highest bit says that more follow. */
function pushNumber(bytes: number[], value: number): void {
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
}

/** Reads a token. Throws `bad_consistency_token` for anything that this format does not write. */
export function parseConsistencyToken(token: string): Written[] {
  if (token.length > LONGEST || !/^[\w-]+$/.test(token)) throw malformed();
  const bytes = Buffer.from(token, 'base64url');
  if (bytes.toString('base64url') !== token || bytes[0] !== VERSION) throw malformed();
  return new TokenReader(bytes).entries();
}

const malformed = (): DomainError =>
  new DomainError('bad_consistency_token', 'malformed', 'The Consistency-Token is not one that this system gave out.');

class TokenReader {
  #at = 1;
  readonly #channels: string[] = [];

  constructor(private readonly bytes: Buffer) {}

  entries(): Written[] {
    const written: Written[] = [];
    while (this.#at < this.bytes.length) written.push(this.#entry());
    return written;
  }

  #entry(): Written {
    const channel = this.#channel();
    const key = this.#key();
    const sequence = this.#number();
    if (sequence === 0) throw malformed();
    return { channel, key, sequence };
  }

  #channel(): string {
    const index = this.#take(1)[0]!;
    if (index === 0) this.#channels.push(this.#text(this.#number()));
    const channel = index === 0 ? this.#channels.at(-1) : this.#channels[index - 1];
    if (!channel) throw malformed();
    return channel;
  }

  #key(): string {
    const length = this.#number();
    if (length !== UUID_KEY) return this.#text(length);
    const hex = this.#take(16).toString('hex');
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  }

  #text(length: number): string {
    if (length === 0) throw malformed();
    const text = this.#take(length).toString('utf8');
    if (text.includes('\uFFFD') || text.includes('\0')) throw malformed();
    return text;
  }

  #number(): number {
    let value = 0;
    for (let factor = 1; factor <= Number.MAX_SAFE_INTEGER; factor *= 128) {
      const byte = this.#take(1)[0]!;
      value += (byte & 127) * factor;
      if (byte < 128 && Number.isSafeInteger(value)) return value;
    }
    throw malformed();
  }

  #take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.bytes.length) throw malformed();
    const taken = this.bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}
