/** What a JSON document is made of. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: Json | undefined;
}

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The object that is there, or an empty one. */
export const objectOf = (value: Json | undefined): JsonObject => (isObject(value) ? value : {});

/** The list that is there, or an empty one. */
export const listOf = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : []);

/** The same value with the names of its objects in order. */
export function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  const present = Object.entries(value).filter((entry): entry is [string, Json] => entry[1] !== undefined);
  return Object.fromEntries(present.sort(byName).map(([name, part]) => [name, sorted(part)]));
}

const byName = ([one]: readonly [string, Json], [other]: readonly [string, Json]) => (one < other ? -1 : 1);

/** One text for all ways to write the same value. */
export const canonical = (value: Json | undefined): string => JSON.stringify(sorted(value ?? null));

export const isSame = (one: Json | undefined, other: Json | undefined): boolean =>
  (one === undefined) === (other === undefined) && canonical(one) === canonical(other);

const MOST = 200;

/** A value for a line of text, cut where it is long. */
export function shown(value: Json | undefined): string {
  if (value === undefined) return 'not there';
  const text = canonical(value);
  return text.length > MOST ? `${text.slice(0, MOST)}…` : text;
}

/** What a local reference (`#/components/schemas/Order`) of a document leads to. Throws where it leads nowhere. */
export function resolved(document: JsonObject, value: Json | undefined): Json | undefined {
  let found = value;
  for (let hops = 0; isObject(found) && typeof found['$ref'] === 'string'; hops++) {
    const reference = found['$ref'];
    if (hops > 20 || !reference.startsWith('#')) throw new Error(`The reference ${reference} cannot be followed.`);
    found = at(document, reference.slice(1));
    if (found === undefined) throw new Error(`The reference ${reference} leads nowhere.`);
  }
  return found;
}

/** Follows a JSON Pointer (RFC 6901). */
const at = (document: JsonObject, pointer: string): Json | undefined =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<Json | undefined>(
      (value, part) => (Array.isArray(value) ? value[Number(part)] : objectOf(value)[part]),
      document,
    );
