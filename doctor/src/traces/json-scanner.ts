/** Told of what is found, with the keys that lead there; an element of a list has the key `[]`. */
export interface ScanHandler {
  /** Whether the object that begins here is wanted whole; what is not is looked into. */
  wants(path: readonly string[]): boolean;
  /** An object that was wanted. */
  found(path: readonly string[], value: unknown): void;
  /** An object that is looked into begins. */
  opened(path: readonly string[]): void;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const COLON = 0x3a;

/**
 * Finds objects in JSON of any size, fed piece by piece, and parses only those. It is several times as fast as a
 * parser that makes every value; it relies on the text being JSON, and what is wanted is checked by `JSON.parse`.
 */
export class JsonScanner {
  readonly #path: string[] = [];
  readonly #isList: boolean[] = [];
  #key = '';
  #text = -1;
  #lastText = '';
  #depthOfWanted = -1;
  #depth = 0;
  /** What is kept of the pieces before, and room for the next one: kept for all, since a file has thousands. */
  #bytes: Buffer = Buffer.alloc(0);
  #kept = 0;
  #start = -1;

  constructor(private readonly handler: ScanHandler) {}

  /** Whether an object or a list has begun that has not ended. */
  get isOpen(): boolean {
    return this.#depth > 0;
  }

  /** The next bytes; they are not needed any more when this returns. */
  feed(piece: Buffer): void {
    let at = this.#kept;
    const bytes = this.#after(piece);
    if (this.#text >= 0) at = this.#text;
    this.#text = -1;
    for (; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (byte === QUOTE) {
        const end = endOfText(bytes, at);
        if (end < 0) {
          this.#text = at;
          break;
        }
        if (this.#depthOfWanted < 0) this.#lastText = bytes.toString('utf8', at + 1, end);
        at = end;
      } else if (byte === OPEN_OBJECT) this.#open(at, false);
      else if (byte === OPEN_LIST) this.#open(at, true);
      else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) this.#close(bytes, at);
      else if (byte === COLON && this.#depthOfWanted < 0) this.#key = this.#lastText;
    }
    this.#keep(bytes);
  }

  #after(piece: Buffer): Buffer {
    const length = this.#kept + piece.length;
    if (length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, 2 * this.#bytes.length));
      this.#bytes.copy(larger, 0, 0, this.#kept);
      this.#bytes = larger;
    }
    piece.copy(this.#bytes, this.#kept);
    return this.#bytes.subarray(0, length);
  }

  /** What has begun and not ended is kept for the next piece. */
  #keep(bytes: Buffer): void {
    const from = this.#start >= 0 ? this.#start : this.#text >= 0 ? this.#text : bytes.length;
    this.#bytes.copyWithin(0, from, bytes.length);
    this.#kept = bytes.length - from;
    if (this.#start >= 0) this.#start = 0;
    if (this.#text >= 0) this.#text -= from;
  }

  #open(at: number, isList: boolean): void {
    this.#depth += 1;
    if (this.#depthOfWanted >= 0) return;
    const isElement = this.#isList.at(-1) === true;
    this.#path.push(isElement ? '[]' : this.#key);
    this.#isList.push(isList);
    if (isList) return;
    if (this.handler.wants(this.#path)) {
      this.#depthOfWanted = this.#depth;
      this.#start = at;
    } else this.handler.opened(this.#path);
  }

  #close(bytes: Buffer, at: number): void {
    if (this.#depth === 0) return;
    const isWanted = this.#depthOfWanted === this.#depth;
    if (isWanted) {
      this.handler.found(this.#path, JSON.parse(bytes.toString('utf8', this.#start, at + 1)));
      this.#depthOfWanted = -1;
      this.#start = -1;
    }
    this.#depth -= 1;
    if (this.#depthOfWanted >= 0) return;
    this.#path.pop();
    this.#isList.pop();
    // The next document of the file stands under no key of this one.
    if (this.#depth === 0) this.#key = '';
  }
}

/** The closing quote of a text, or -1 where it has not come yet. */
function endOfText(bytes: Buffer, start: number): number {
  for (let end = bytes.indexOf(QUOTE, start + 1); end >= 0; end = bytes.indexOf(QUOTE, end + 1)) {
    let escapes = 0;
    while (bytes[end - 1 - escapes] === BACKSLASH) escapes += 1;
    if (escapes % 2 === 0) return end;
  }
  return -1;
}
