import { malformedUrl, Refusal } from '../refusal.ts';

/** Where a request goes: the normalised path that policies are looked up by, and the query as it came, with its `?`. */
export interface Target {
  readonly path: string;
  readonly query: string;
}

const MAX_LENGTH = 8192;
const SLASH = 47;
const DOT = 46;
const QUESTION = 63;
const PERCENT = 37;
const BACKSLASH = 92;
const HASH = 35;

/**
 * Reads a request target, and refuses whatever two readers could understand in two ways: an encoded slash, dot
 * segments, control characters. Encoded letters are decoded, so that a policy is never looked up by another path than
 * the one that the service sees.
 */
export function parseTarget(url: string): Target {
  if (url.length > MAX_LENGTH) {
    throw new Refusal(414, 'uri_too_long', { detail: `An address has at most ${MAX_LENGTH} characters.` });
  }
  if (url.charCodeAt(0) !== SLASH) throw malformedUrl('The request target must be a path.');
  const { end, delicate } = scanPath(url);
  if (end < url.length) checkQuery(url, end);
  const path = end === url.length ? url : url.slice(0, end);
  return { path: delicate ? normalise(path) : path, query: url.slice(end) };
}

/** The path of an absolute address (RFC 9112, section 3.2.2), if it is that of the host which the client tells. */
export function pathOf(target: string, host: string | undefined): string {
  if (target.charCodeAt(0) === SLASH) return target;
  const [origin, authority] = ABSOLUTE.exec(target) ?? [];
  if (origin === undefined) return target;
  if (authority!.toLowerCase() !== host?.toLowerCase()) throw malformedUrl('The request target names another host.');
  const path = target.slice(origin.length);
  return path.charCodeAt(0) === SLASH ? path : `/${path}`;
}

const ABSOLUTE = /^https?:\/\/([^/?#@\\]+)(?=[/?]|$)/i;

/** Where the path ends, and whether it has anything in it that needs a closer look. */
function scanPath(url: string): { end: number; delicate: boolean } {
  let delicate = false;
  let previous = 0;
  for (let at = 0; at < url.length; at++) {
    const code = url.charCodeAt(at);
    if (code === QUESTION) return { end: at, delicate };
    if (isForeign(code)) throw malformedUrl('The path contains a character that may not be there.');
    if (code === PERCENT || (previous === SLASH && (code === DOT || code === SLASH))) delicate = true;
    previous = code;
  }
  return { end: url.length, delicate };
}

const isForeign = (code: number): boolean => code <= 32 || code >= 127 || code === BACKSLASH || code === HASH;

function checkQuery(url: string, start: number): void {
  let encoded = false;
  for (let at = start; at < url.length; at++) {
    const code = url.charCodeAt(at);
    if (code <= 32 || code >= 127 || code === HASH)
      throw malformedUrl('The query contains a character that may not be there.');
    if (code === PERCENT) encoded = true;
  }
  if (encoded) checkEncoding(url.slice(start));
}

const INVALID_ENCODING = /%(?![0-9a-f]{2})/i;
const ENCODED_NUL = /%00/;
const ENCODED_STRUCTURE = /%(?:2f|5c|[01][0-9a-f]|7f)/i;
// Some readers take what follows a semicolon for a parameter, and drop it first.
const DOT_SEGMENT = /^\.{1,2}(?:;|%3b|$)/i;
const ENCODED_UNRESERVED = /%(?:2[de]|3[0-9]|[46][1-9a-f]|[57][0-9a]|5f|7e)/gi;

function checkEncoding(text: string): void {
  if (INVALID_ENCODING.test(text)) throw malformedUrl('The address contains an invalid percent-encoding.');
  if (ENCODED_NUL.test(text)) throw malformedUrl('The address contains a character that may not be there.');
}

function normalise(path: string): string {
  checkEncoding(path);
  if (ENCODED_STRUCTURE.test(path)) throw malformedUrl('The path contains an encoded character that may not be there.');
  const plain = path.replace(ENCODED_UNRESERVED, (triplet) =>
    String.fromCharCode(Number.parseInt(triplet.slice(1), 16)),
  );
  const segments = plain.slice(1).split('/');
  if (segments.some((segment) => DOT_SEGMENT.test(segment))) throw malformedUrl('The path has dot segments.');
  if (segments.slice(0, -1).includes('')) throw malformedUrl('The path has empty segments.');
  checkUtf8(plain);
  return plain;
}

function checkUtf8(path: string): void {
  try {
    decodeURIComponent(path);
  } catch {
    throw malformedUrl('The path is not valid UTF-8.');
  }
}
