import { METHODS } from 'node:http';
import { bytesLike, endOf, endOfLine, fieldsFound, findFields, UNFINISHED } from './field-reader.ts';
import type { HeaderList } from './header-list.ts';
import { malformed, WireFault } from './wire-fault.ts';

interface Head {
  readonly minor: number;
  readonly headers: HeaderList;
  /** Where it ends among the bytes that it was read from. */
  readonly end: number;
}

export interface RequestHead extends Head {
  readonly method: string;
  readonly target: string;
}

export interface AnswerHead extends Head {
  readonly status: number;
}

// Every method that is registered is of capital letters and hyphens; other spellings exist to confuse readers.
const METHOD = bytesLike(/[A-Z-]/);
const TARGET = bytesLike(/[\x21-\x7e\x80-\xff]/);
const REASON = bytesLike(/[\t\x20-\x7e\x80-\xff]/);
const VERSION = Buffer.from('HTTP/1.');
const SPACE = 32;
const ZERO = 48;

/** Those that Node knows; a tunnel is nothing that is offered here. */
const KNOWN_METHODS: ReadonlySet<string> = new Set(METHODS.filter((method) => method !== 'CONNECT'));
const LONGEST_METHOD = 32;
const LONGEST_TARGET = 8_192;

/**
 * Reads a request's head (RFC 9112, section 3); undefined when its end has not come. Nothing is repaired: a single
 * space, CRLF. Throws `WireFault` at the first byte that may not be there, so that what can never become a request is
 * answered at once.
 */
export function readRequestHead(bytes: Buffer, start: number): RequestHead | undefined {
  const methodEnd = endOf(METHOD, bytes, start);
  if (methodEnd - start > LONGEST_METHOD) throw malformed('That is not an HTTP request.');
  if (methodEnd === bytes.length) return undefined;
  if (methodEnd === start || bytes[methodEnd] !== SPACE) throw malformed('That is not an HTTP request.');
  const targetEnd = endOf(TARGET, bytes, methodEnd + 1);
  if (targetEnd - methodEnd > LONGEST_TARGET + 1) throw targetTooLong();
  if (targetEnd === bytes.length) return undefined;
  if (targetEnd === methodEnd + 1 || bytes[targetEnd] !== SPACE) throw malformed('The request line is not one.');
  const minor = minorVersion(bytes, targetEnd + 1);
  if (minor === undefined) return undefined;
  const lineEnd = endOfLine(bytes, targetEnd + 2 + VERSION.length);
  if (lineEnd === UNFINISHED) return undefined;
  const end = findFields(bytes, lineEnd);
  if (end === UNFINISHED) return undefined;
  const text = bytes.toString('latin1', start, end);
  const method = text.slice(0, methodEnd - start);
  if (!KNOWN_METHODS.has(method)) throw malformed('There is no such method.');
  const target = text.slice(methodEnd + 1 - start, targetEnd - start);
  return { method, target, minor, headers: fieldsFound(bytes, text, start), end };
}

function minorVersion(bytes: Buffer, start: number): number | undefined {
  for (let at = 0; at < VERSION.length; at++) {
    if (start + at === bytes.length) return undefined;
    if (bytes[start + at] !== VERSION[at]) throw malformed('HTTP/1.1 is spoken here.');
  }
  const minor = bytes[start + VERSION.length];
  if (minor === undefined) return undefined;
  if (minor !== ZERO && minor !== ZERO + 1) throw malformed('HTTP/1.1 is spoken here.');
  return minor - ZERO;
}

/** Reads an answer's head, as strictly. */
export function readAnswerHead(bytes: Buffer): AnswerHead | undefined {
  const minor = minorVersion(bytes, 0);
  if (minor === undefined) return undefined;
  const reason = endOf(REASON, bytes, VERSION.length + 1);
  const lineEnd = endOfLine(bytes, reason);
  if (lineEnd === UNFINISHED) return undefined;
  const status = STATUS.exec(bytes.toString('latin1', VERSION.length + 1, reason))?.[1];
  if (status === undefined) throw malformed('The status line is not one.');
  const end = findFields(bytes, lineEnd);
  if (end === UNFINISHED) return undefined;
  const text = bytes.toString('latin1', lineEnd, end);
  return { status: Number(status), minor, headers: fieldsFound(bytes, text, lineEnd), end };
}

const STATUS = /^ ([1-9]\d\d)(?: |$)/;

export const targetTooLong = (): WireFault =>
  new WireFault(414, 'uri_too_long', `An address has at most ${LONGEST_TARGET} characters.`);
