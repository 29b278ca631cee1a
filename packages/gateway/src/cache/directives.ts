/** Cache directives by their names in lower case; `true` is one without a value. */
export type Directives = ReadonlyMap<string, string | true>;

const DIRECTIVE =
  /\s*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([!#$%&'*+\-.^_`|~0-9A-Za-z]+)))?\s*(?:,|$)/y;
const REST = /[^,"]*(?:"(?:[^"\\]|\\.)*"[^,"]*)*(?:,|$)/y;

/** `Cache-Control` (RFC 9111, section 5.2). What is no directive is passed over; of two alike the first counts. */
export function parseCacheControl(text: string | undefined): Directives {
  const found = new Map<string, string | true>();
  if (text === undefined) return found;
  for (let at = 0; at < text.length; ) {
    DIRECTIVE.lastIndex = at;
    const match = DIRECTIVE.exec(text);
    if (match) {
      const name = match[1]!.toLowerCase();
      if (!found.has(name)) found.set(name, match[2] ?? match[3] ?? true);
      at = DIRECTIVE.lastIndex;
    } else {
      REST.lastIndex = at;
      REST.exec(text);
      at = Math.max(at + 1, REST.lastIndex);
    }
  }
  return found;
}

const TOKEN = String.raw`[A-Za-z*][!#$%&'*+\-.^_\x60|~:/0-9A-Za-z]*`;
const QUOTED = String.raw`"[\x20-\x21\x23-\x5b\x5d-\x7e]*"`;
const ITEM = String.raw`-?\d{1,15}|\?[01]|${QUOTED}|${TOKEN}`;
const MEMBER = new RegExp(String.raw`[ \t]*([a-z*][a-z0-9_\-.*]*)(?:=(${ITEM}))?(?:;[^,"]*)?[ \t]*(?:,|$)`, 'y');

/**
 * A targeted field such as `CDN-Cache-Control` (RFC 9213): a structured dictionary, of which a name may come in any
 * case. One that is malformed, or tells a time by anything but an integer, is as good as absent.
 */
export function parseTargeted(text: string | undefined): Directives | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  const found = new Map<string, string | true>();
  const lower = text.replace(/[A-Z]+(?=[A-Za-z-]*(?:=|,|$|;))/g, (letters) => letters.toLowerCase());
  for (let at = 0; at < lower.length; ) {
    MEMBER.lastIndex = at;
    const match = MEMBER.exec(lower);
    if (!match) return undefined;
    found.set(match[1]!, match[2] === '?1' ? true : (match[2] ?? true));
    at = MEMBER.lastIndex;
  }
  for (const name of TIMES) {
    const value = found.get(name);
    if (value !== undefined && (value === true || !/^-?\d+$/.test(value))) return undefined;
  }
  return found;
}

const TIMES = ['max-age', 's-maxage', 'stale-while-revalidate', 'stale-if-error'];
const FAR = 2_147_483_648;

/** Seconds; undefined when the directive is absent or tells none. More than 2^31 is as good as for ever. */
export function secondsOf(directives: Directives, name: string): number | undefined {
  const value = directives.get(name);
  if (value === undefined) return undefined;
  if (value === true || !/^\d+$/.test(value)) return name === 'max-age' || name === 's-maxage' ? 0 : undefined;
  return Math.min(FAR, Number(value));
}

/** The field names that a qualified directive lists, such as `no-cache="set-cookie"`. */
export function fieldsOf(directives: Directives, name: string): readonly string[] {
  const value = directives.get(name);
  if (typeof value !== 'string') return [];
  return value.split(',').map((field) => field.trim().toLowerCase());
}

/** An unqualified directive: it is about the whole answer. */
export const isWhole = (directives: Directives, name: string): boolean => directives.get(name) === true;
