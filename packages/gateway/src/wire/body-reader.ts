import { fieldsFound, findFields } from './field-reader.ts';
import type { Framing } from './framing.ts';
import { WireFault } from './wire-fault.ts';

/** Takes a body apart: what is content, and where it ends. */
export interface BodyReader {
  readonly isDone: boolean;
  /** How much is still to come, where that is known. */
  readonly bytesLeft: number;
  /** Reads from `at`, hands the content on, and answers where it stopped. Throws `WireFault`. */
  read(bytes: Buffer, at: number, onContent: (content: Buffer) => void): number;
}

export function bodyReader(framing: Framing): BodyReader {
  switch (framing.kind) {
    case 'none':
      return new LengthReader(0);
    case 'length':
      return new LengthReader(framing.bytes);
    case 'until-close':
      return new LengthReader(Number.POSITIVE_INFINITY);
    case 'chunked':
      return new ChunkReader();
  }
}

class LengthReader implements BodyReader {
  constructor(public bytesLeft: number) {}

  get isDone(): boolean {
    return this.bytesLeft === 0;
  }

  read(bytes: Buffer, at: number, onContent: (content: Buffer) => void): number {
    const end = Math.min(bytes.length, at + this.bytesLeft);
    if (end === at) return at;
    this.bytesLeft -= end - at;
    onContent(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
    return end;
  }
}

const LONGEST_LINE = 1_024;
const LONGEST_TRAILER = 8_192;
/** Of all chunks together: they count for no body limit, and nobody reads them. */
const MAX_EXTENSION_BYTES = 16 << 10;
const LF = 10;
const TOKEN = String.raw`[!#$%&'*+\-.^_\x60|~0-9A-Za-z]+`;
const QUOTED = String.raw`"(?:[\t\x20\x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*"`;
// Extensions are dropped here, and are read as strictly as all else: in them two readers have found two ends before.
const SIZE_LINE = new RegExp(`^([0-9A-Fa-f]{1,8})(?:;${TOKEN}(?:=(?:${TOKEN}|${QUOTED}))?)*\r\n$`);

/** Chunks (RFC 9112, section 7.1). Trailers are read and dropped. */
class ChunkReader implements BodyReader {
  readonly bytesLeft = Number.POSITIVE_INFINITY;
  #phase: 'size' | 'content' | 'end' | 'trailer' | 'done' = 'size';
  #inChunk = 0;
  #extensionBytes = 0;
  #line = '';

  get isDone(): boolean {
    return this.#phase === 'done';
  }

  read(bytes: Buffer, start: number, onContent: (content: Buffer) => void): number {
    let at = start;
    while (at < bytes.length && this.#phase !== 'done') {
      at = this.#phase === 'content' ? this.#readContent(bytes, at, onContent) : this.#readLine(bytes, at);
    }
    return at;
  }

  #readContent(bytes: Buffer, at: number, onContent: (content: Buffer) => void): number {
    const end = Math.min(bytes.length, at + this.#inChunk);
    this.#inChunk -= end - at;
    if (this.#inChunk === 0) this.#phase = 'end';
    onContent(bytes.subarray(at, end));
    return end;
  }

  #readLine(bytes: Buffer, at: number): number {
    const feed = bytes.indexOf(LF, at);
    const end = feed === -1 ? bytes.length : feed + 1;
    this.#line += bytes.toString('latin1', at, end);
    if (this.#line.length > (this.#phase === 'trailer' ? LONGEST_TRAILER : LONGEST_LINE)) throw tooLong();
    if (feed !== -1) this.#endLine();
    else if (STRAY_RETURN.test(this.#line)) throw notChunks();
    return end;
  }

  #endLine(): void {
    const line = this.#line;
    if (!line.endsWith('\r\n')) throw notChunks();
    if (this.#phase === 'trailer') return this.#endTrailerLine(line);
    this.#line = '';
    if (this.#phase === 'end') {
      if (line !== '\r\n') throw notChunks();
      this.#phase = 'size';
      return;
    }
    const size = SIZE_LINE.exec(line)?.[1];
    if (size === undefined) throw notChunks();
    this.#extensionBytes += line.length - size.length - LINE_END;
    if (this.#extensionBytes > MAX_EXTENSION_BYTES) throw tooLong();
    this.#inChunk = Number.parseInt(size, 16);
    this.#phase = this.#inChunk === 0 ? 'trailer' : 'content';
  }

  #endTrailerLine(trailer: string): void {
    if (trailer !== '\r\n' && !trailer.endsWith('\r\n\r\n')) return;
    const bytes = Buffer.from(trailer, 'latin1');
    findFields(bytes, 0);
    const fields = fieldsFound(bytes, trailer, 0);
    // How a body ends is not told behind it (RFC 9110, section 6.5.1).
    if (fields.has('content-length') || fields.has('transfer-encoding')) throw notChunks();
    this.#phase = 'done';
  }
}

const LINE_END = 2;
const STRAY_RETURN = /\r[^\n]/;

const notChunks = (): WireFault => new WireFault(400, 'malformed_request', 'The chunks of the body are not ones.');

const tooLong = (): WireFault =>
  new WireFault(413, 'payload_too_large', 'The chunk extensions or trailers are too large.');
