/** Cache directives by their names in lower case; `true` is one without a value. */
export type Directives = ReadonlyMap<string, string | true>;

const DIRECTIVE =
  /\s*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([!#$%&'*+\-.^_`|~0-9A-Za-z]+)))?\s*(?:,|$)/y;
const QUOTED_TEXT = /"(?:[^"\\]|\\.)*"/y;

/**
 * `Cache-Control` (RFC 9111, section 5.2). What is no directive is passed over; of two alike the first counts. Clients
 * write it too: nothing of it is read again and again.
 */
export function parseCacheControl(text: string | undefined): Directives {
  const found = new Map<string, string | true>();
  if (text === undefined) return found;
  const rest = { at: 0, hasQuotes: true };
  for (let at = 0; at < text.length; at = rest.at) {
    DIRECTIVE.lastIndex = at;
    const match = DIRECTIVE.exec(text);
    if (match) {
      const name = match[1]!.toLowerCase();
      if (!found.has(name)) found.set(name, match[2] ?? match[3] ?? true);
      rest.at = DIRECTIVE.lastIndex;
    } else passOver(text, rest);
  }
  return found;
}

/** Goes behind the next comma that is not between quotes. Behind a quote that is never closed there are no others. */
function passOver(text: string, rest: { at: number; hasQuotes: boolean }): void {
  for (; rest.at < text.length; rest.at++) {
    const character = text[rest.at];
    if (character === ',') {
      rest.at += 1;
      return;
    }
    if (character !== '"' || !rest.hasQuotes) continue;
    QUOTED_TEXT.lastIndex = rest.at;
    rest.hasQuotes = QUOTED_TEXT.test(text);
    if (rest.hasQuotes) rest.at = QUOTED_TEXT.lastIndex - 1;
  }
}

const TOKEN = String.raw`[A-Za-z*][!#$%&'*+\-.^_\x60|~:/0-9A-Za-z]*`;
const QUOTED = String.raw`"[\x20-\x21\x23-\x5b\x5d-\x7e]*"`;
const ITEM = String.raw`-?\d{1,15}|\?[01]|${QUOTED}|${TOKEN}`;
const MEMBER = new RegExp(String.raw`[ \t]*([A-Za-z*][A-Za-z0-9_\-.*]*)(?:=(${ITEM}))?(?:;[^,"]*)?[ \t]*(?:,|$)`, 'y');

/**
 * A targeted field such as `CDN-Cache-Control` (RFC 9213): a structured dictionary, of which a name may come in any
 * case. One that is malformed, or tells a time by anything but an integer, is as good as absent.
 */
export function parseTargeted(text: string | undefined): Directives | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  const found = new Map<string, string | true>();
  for (let at = 0; at < text.length; ) {
    MEMBER.lastIndex = at;
    const match = MEMBER.exec(text);
    if (!match) return undefined;
    found.set(match[1]!.toLowerCase(), match[2] === '?1' ? true : (match[2] ?? true));
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
