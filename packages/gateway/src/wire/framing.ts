import type { AnswerHead, RequestHead } from './head-reader.ts';
import type { HeaderList } from './header-list.ts';
import { WireFault } from './wire-fault.ts';

/** How the end of a body is found. */
export type Framing =
  | { readonly kind: 'none' | 'chunked' | 'until-close' }
  | { readonly kind: 'length'; readonly bytes: number };

const NONE: Framing = { kind: 'none' };
const CHUNKED: Framing = { kind: 'chunked' };
const UNTIL_CLOSE: Framing = { kind: 'until-close' };
const MAX_HEADERS = 200;
const HOST = /^(?:[\w.~!$&'()*+,;=%-]+|\[[0-9a-f:.]+\])(?::\d{0,5})?$/i;

const bad = (detail: string): WireFault => new WireFault(400, 'malformed_request', detail);

/**
 * The framing of a request (RFC 9112, section 6). Two readers must not be able to find two ends: one length or chunks,
 * never both, no other coding, one host.
 */
export function requestFraming({ headers, minor }: RequestHead): Framing {
  if (headers.flat.length > 2 * MAX_HEADERS) {
    throw new WireFault(431, 'headers_too_large', `There are more than ${MAX_HEADERS} headers.`);
  }
  checkHost(headers, minor);
  const framing = framingOf(headers);
  if (framing.kind === 'chunked' && minor === 0) throw bad('HTTP/1.0 knows no chunks.');
  return framing;
}

function checkHost(headers: HeaderList, minor: number): void {
  const hosts = headers.count('host');
  if (hosts > 1) throw bad('There is more than one Host header.');
  if (hosts === 0 && minor > 0) throw bad('The Host header is missing.');
  if (hosts === 1 && !HOST.test(headers.get('host')!)) throw bad('The Host header names no host.');
}

/** The framing of an answer to `method`. */
export function answerFraming({ status, headers, minor }: AnswerHead, method: string): Framing {
  const told = framingOf(headers);
  if (told.kind === 'chunked' && minor === 0) throw bad('HTTP/1.0 knows no chunks.');
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return NONE;
  return told.kind === 'none' && !headers.has('content-length') ? UNTIL_CLOSE : told;
}

const LENGTH = /^\d{1,15}$/;

function framingOf(headers: HeaderList): Framing {
  const codings = headers.count('transfer-encoding');
  const lengths = headers.count('content-length');
  if (codings === 0 && lengths === 0) return NONE;
  if (codings + lengths > 1) throw bad('The length of the body is told in two ways.');
  if (codings === 1) {
    if (headers.get('transfer-encoding')!.toLowerCase() !== 'chunked') throw bad('Only chunked bodies are read.');
    return CHUNKED;
  }
  const length = headers.get('content-length')!;
  if (!LENGTH.test(length)) throw bad('The length of the body is no number.');
  return length === '0' ? NONE : { kind: 'length', bytes: Number(length) };
}

/** Whether the connection can be used again after this message. */
export function isPersistent(headers: HeaderList, minor: number): boolean {
  const connection = headers.get('connection');
  if (connection === undefined) return minor > 0;
  const options = connection.toLowerCase();
  if (options === 'keep-alive') return true;
  if (options.split(',').some((option) => option.trim() === 'close')) return false;
  return minor > 0 || options.split(',').some((option) => option.trim() === 'keep-alive');
}
