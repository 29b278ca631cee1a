import { METHODS } from 'node:http';
import { HeaderList } from './header-list.ts';

/** The bytes are no HTTP/1.1 message, and what to say about it. Whoever sent them gets no second reading. */
export class WireFault extends Error {
  override readonly name = 'WireFault';

  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
  ) {
    super(detail);
  }
}

export interface RequestHead {
  readonly method: string;
  readonly target: string;
  readonly minor: number;
  readonly headers: HeaderList;
}

export interface AnswerHead {
  readonly status: number;
  readonly minor: number;
  readonly headers: HeaderList;
}

const malformed = (detail: string): WireFault => new WireFault(400, 'malformed_request', detail);

// Every method that is registered is of capital letters and hyphens; other spellings exist to confuse readers.
const METHOD = tableOf(/[A-Z-]/);
const TOKEN = tableOf(/[!#$%&'*+\-.^_`|~0-9A-Za-z]/);
const VALUE = tableOf(/[\t\x20-\x7e\x80-\xff]/);
const TARGET = tableOf(/[\x21-\x7e\x80-\xff]/);
const SPACE = 32;
const TAB = 9;
const COLON = 58;
const CR = 13;
const LF = 10;

function tableOf(allowed: RegExp): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => (allowed.test(String.fromCharCode(code)) ? 1 : 0));
}

/**
 * Reads a request's head (RFC 9112, sections 3 and 5): `text` is latin1 and ends with the empty line. Nothing is
 * repaired: a single space, CRLF, no folded line, no space before a colon. Throws `WireFault`.
 */
export function readRequestHead(text: string): RequestHead {
  const methodEnd = endOf(METHOD, text, 0);
  if (methodEnd === 0 || methodEnd > LONGEST_METHOD || text.charCodeAt(methodEnd) !== SPACE) {
    throw malformed('That is not an HTTP request.');
  }
  const targetEnd = endOf(TARGET, text, methodEnd + 1);
  if (targetEnd === methodEnd + 1 || text.charCodeAt(targetEnd) !== SPACE) {
    throw malformed('The request line is not one.');
  }
  const method = text.slice(0, methodEnd);
  if (!KNOWN_METHODS.has(method)) throw malformed('There is no such method.');
  const minor = minorVersion(text, targetEnd + 1);
  const lineEnd = targetEnd + 1 + VERSION_LENGTH;
  if (text.charCodeAt(lineEnd) !== CR || text.charCodeAt(lineEnd + 1) !== LF) {
    throw malformed('The request line is not one.');
  }
  return {
    method,
    target: text.slice(methodEnd + 1, targetEnd),
    minor,
    headers: readFields(text, lineEnd + 2),
  };
}

/** Those that Node knows; a tunnel is nothing that is offered here. */
const KNOWN_METHODS: ReadonlySet<string> = new Set(METHODS.filter((method) => method !== 'CONNECT'));
const LONGEST_METHOD = 32;
const VERSION_LENGTH = 8;

function minorVersion(text: string, at: number): number {
  if (text.startsWith('HTTP/1.1', at)) return 1;
  if (text.startsWith('HTTP/1.0', at)) return 0;
  throw malformed('HTTP/1.1 is spoken here.');
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?\r\n/;

/** Reads an answer's head, as strictly. Throws `WireFault`. */
export function readAnswerHead(text: string): AnswerHead {
  const line = STATUS_LINE.exec(text);
  if (!line) throw malformed('The status line is not one.');
  return { status: Number(line[2]), minor: Number(line[1]), headers: readFields(text, line[0].length) };
}

/** Reads header or trailer fields up to the empty line that ends `text`. */
export function readFields(text: string, start: number): HeaderList {
  const flat: string[] = [];
  const end = text.length - 2;
  let at = start;
  while (at < end) {
    const colon = endOf(TOKEN, text, at);
    if (colon === at || text.charCodeAt(colon) !== COLON) throw malformed('A header is not one.');
    const valueStart = skipBlanks(text, colon + 1);
    const lineEnd = endOf(VALUE, text, valueStart);
    if (text.charCodeAt(lineEnd) !== CR || text.charCodeAt(lineEnd + 1) !== LF) {
      throw malformed('A header contains a character that may not be there.');
    }
    flat.push(lowerCase(text.slice(at, colon)), text.slice(valueStart, trimBlanks(text, valueStart, lineEnd)));
    at = lineEnd + 2;
  }
  if (at !== end || !text.endsWith('\r\n')) throw malformed('The headers do not end as they should.');
  return new HeaderList(flat);
}

function endOf(allowed: Uint8Array, text: string, start: number): number {
  let at = start;
  while (at < text.length && allowed[text.charCodeAt(at)] === 1) at += 1;
  return at;
}

const isBlank = (code: number): boolean => code === SPACE || code === TAB;

function skipBlanks(text: string, start: number): number {
  let at = start;
  while (isBlank(text.charCodeAt(at))) at += 1;
  return at;
}

function trimBlanks(text: string, start: number, end: number): number {
  let at = end;
  while (at > start && isBlank(text.charCodeAt(at - 1))) at -= 1;
  return at;
}

const lowered = new Map<string, string>();
const MOST_NAMES = 1_000;
const LONGEST_NAME = 40;

/** Names repeat: each spelling is lowered once, as many of them as honest peers have. */
function lowerCase(name: string): string {
  const known = lowered.get(name);
  if (known !== undefined) return known;
  const lower = name.toLowerCase();
  if (lowered.size < MOST_NAMES && name.length <= LONGEST_NAME) lowered.set(name, lower);
  return lower;
}

const LONGEST_TARGET = 8_192;

/**
 * Looks at the beginning of a head whose end has not come yet, so that what can never become a request is answered at
 * once: a line that ends without CR, a control character, an endless request line.
 */
export function checkBeginning(text: string): void {
  if (BROKEN_BEGINNING.test(text)) throw malformed('That is not an HTTP request.');
  const line = text.indexOf('\r\n');
  const first = line === -1 ? text : text.slice(0, line);
  if (!BEGINNING_OF_A_LINE.test(first)) throw malformed('That is not an HTTP request.');
  if (first.length > LONGEST_TARGET + LONGEST_METHOD + VERSION_LENGTH + 2) throw targetTooLong();
}

export const targetTooLong = (): WireFault =>
  new WireFault(414, 'uri_too_long', `An address has at most ${LONGEST_TARGET} characters.`);

// A line feed needs a carriage return before it, and a carriage return a line feed behind it.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for.
const BROKEN_BEGINNING = /(?:^|[^\r])\n|\r[^\n]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/;
const BEGINNING_OF_A_LINE = /^[A-Z-]{0,32}(?: [\x21-\x7e\x80-\xff]*(?: [\x20-\x7e]{0,8})?)?\r?$/;
