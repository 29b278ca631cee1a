import { HeaderList } from './header-list.ts';
import { malformed } from './wire-fault.ts';

/** More bytes are needed. */
export const UNFINISHED = -1;

const SPACE = 32;
const TAB = 9;
const COLON = 58;
const CR = 13;
const LF = 10;

/** Which bytes may stand in a place: 1, or else 0. */
export function bytesLike(allowed: RegExp): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => (allowed.test(String.fromCharCode(code)) ? 1 : 0));
}

/** What a byte of a name is in lower case; 0 for one that may not be there. */
const IN_NAME = bytesLike(/[!#$%&'*+\-.^_`|~0-9A-Za-z]/).map((is, code) =>
  is === 0 ? 0 : String.fromCharCode(code).toLowerCase().charCodeAt(0),
);
const IN_VALUE = bytesLike(/[\t\x20-\x7e\x80-\xff]/);

export function endOf(allowed: Uint8Array, bytes: Buffer, start: number): number {
  const { length } = bytes;
  let at = start;
  while (at < length && allowed[bytes[at]!] === 1) at += 1;
  return at;
}

/** Where each field of the head read last is: the ends of its name and its value, and a number made of the name. */
const places: number[] = [];
const NUMBERS = 5;
let found = 0;

/**
 * Finds header or trailer fields up to the empty line that ends them (RFC 9112, section 5), and answers where that
 * ends. Nothing is repaired: CRLF, no folded line, no space before a colon. Throws `WireFault` at the first byte that
 * may not be there.
 */
export function findFields(bytes: Buffer, start: number): number {
  let at = start;
  found = 0;
  while (bytes[at] !== CR) {
    at = findField(bytes, at);
    if (at === UNFINISHED) return UNFINISHED;
  }
  return endOfLine(bytes, at);
}

function findField(bytes: Buffer, start: number): number {
  const { length } = bytes;
  let colon = start;
  let hash = 0;
  for (; colon < length; colon++) {
    const code = IN_NAME[bytes[colon]!]!;
    if (code === 0) break;
    hash = (Math.imul(hash, 31) + code) | 0;
  }
  if (colon === length) return UNFINISHED;
  if (colon === start || bytes[colon] !== COLON) throw malformed('A header is not one.');
  let value = colon + 1;
  while (value < length && isBlank(bytes[value]!)) value += 1;
  const lineEnd = endOf(IN_VALUE, bytes, value);
  let valueEnd = lineEnd;
  while (valueEnd > value && isBlank(bytes[valueEnd - 1]!)) valueEnd -= 1;
  places[found] = start;
  places[found + 1] = colon;
  places[found + 2] = value;
  places[found + 3] = valueEnd;
  places[found + 4] = hash;
  found += NUMBERS;
  return endOfLine(bytes, lineEnd);
}

const isBlank = (code: number): boolean => code === SPACE || code === TAB;

/** Behind CRLF, which has to be here. */
export function endOfLine(bytes: Buffer, at: number): number {
  const { length } = bytes;
  if (at >= length) return UNFINISHED;
  if (bytes[at] !== CR) throw malformed('A header contains a character that may not be there.');
  if (at + 1 >= length) return UNFINISHED;
  if (bytes[at + 1] !== LF) throw malformed('A header contains a character that may not be there.');
  return at + 2;
}

/** The fields that were found just now. `text` is what they were found in, from the byte `from` on. */
export function fieldsFound(bytes: Buffer, text: string, from: number): HeaderList {
  const list = new HeaderList();
  for (let at = 0; at < found; at += NUMBERS) {
    list.append(nameAt(bytes, at), text.slice(places[at + 2]! - from, places[at + 3]! - from));
  }
  return list;
}

/** Names repeat: each is made once and found by its bytes from then on; as many as honest peers have. */
const known = new Array<string | undefined>(1_024).fill(undefined);
const LONGEST_NAME = 40;

function nameAt(bytes: Buffer, at: number): string {
  const [start, end] = [places[at]!, places[at + 1]!];
  const place = places[at + 4]! & (known.length - 1);
  const usual = known[place];
  if (usual?.length === end - start && isSpelled(usual, bytes, start)) return usual;
  const name = bytes.toString('latin1', start, end).toLowerCase();
  if (usual === undefined && name.length <= LONGEST_NAME) known[place] = name;
  return name;
}

function isSpelled(name: string, bytes: Buffer, start: number): boolean {
  for (let at = 0; at < name.length; at++) if (name.charCodeAt(at) !== IN_NAME[bytes[start + at]!]) return false;
  return true;
}
