import { isObject } from './exact-json.ts';

/** How JSON is changed on its way: the fields of an object, or of each item of a list. */
export interface JsonShape {
  readonly remove?: readonly string[];
  /** From the one name to the other. */
  readonly rename?: Readonly<Record<string, string>>;
  readonly set?: Readonly<Record<string, unknown>>;
}

/** In this order: what is removed, what is renamed, what is set. */
export function reshaped(value: unknown, shape: JsonShape): unknown {
  if (Array.isArray(value)) return value.map((item) => reshaped(item, shape));
  if (!isObject(value)) return value;
  const { remove = [], rename = {}, set = {} } = shape;
  const kept = Object.entries(value)
    .filter(([name]) => !remove.includes(name))
    .map(([name, inner]) => [Object.hasOwn(rename, name) ? rename[name]! : name, inner] as const);
  return Object.fromEntries([...kept, ...Object.entries(set)]);
}
