import { canonical, isSame, type Json, listOf } from './json.ts';
import type { Effect } from './verdict.ts';

/** What the difference of one keyword does; called only where the two differ. */
export type KeywordRule = (was: Json | undefined, is: Json | undefined) => readonly Effect[];

const atLeast: KeywordRule = (was, is) => [numberOf(is, -Infinity) > numberOf(was, -Infinity) ? 'narrowed' : 'widened'];

const atMost: KeywordRule = (was, is) => [numberOf(is, Infinity) < numberOf(was, Infinity) ? 'narrowed' : 'widened'];

const numberOf = (value: Json | undefined, absent: number): number => (typeof value === 'number' ? value : absent);

/** A rule that two different values of cannot be told apart by which is the stricter. */
const opaque: KeywordRule = (was, is) => {
  if (was === undefined) return ['narrowed'];
  return is === undefined ? ['widened'] : ['rule replaced'];
};

const multiple: KeywordRule = (was, is) => {
  if (typeof was !== 'number' || typeof is !== 'number') return opaque(was, is);
  if (Number.isInteger(is / was)) return ['narrowed'];
  return Number.isInteger(was / is) ? ['widened'] : ['rule replaced'];
};

const flag: KeywordRule = (was, is) => {
  if ((was === true) === (is === true)) return [];
  return is === true ? ['narrowed'] : ['widened'];
};

const values: KeywordRule = (was, is) => {
  if (!Array.isArray(was)) return ['narrowed'];
  if (!Array.isArray(is)) return ['widened'];
  const isGone = was.some((value) => !includes(is, value));
  const isNew = is.some((value) => !includes(was, value));
  return [...(isGone ? (['narrowed'] as const) : []), ...(isNew ? (['widened'] as const) : [])];
};

const includes = (list: readonly Json[], value: Json): boolean =>
  list.some((other) => canonical(other) === canonical(value));

const byDefault: KeywordRule = () => ['default changed'];

/** The keywords that stand for themselves. What has a schema inside is compared in `compare-schemas.ts`. */
export const KEYWORD_RULES: Readonly<Record<string, KeywordRule>> = {
  enum: values,
  minimum: atLeast,
  exclusiveMinimum: atLeast,
  minLength: atLeast,
  minItems: atLeast,
  minProperties: atLeast,
  maximum: atMost,
  exclusiveMaximum: atMost,
  maxLength: atMost,
  maxItems: atMost,
  maxProperties: atMost,
  multipleOf: multiple,
  uniqueItems: flag,
  pattern: opaque,
  format: opaque,
  contentEncoding: opaque,
  contentMediaType: opaque,
  default: byDefault,
};

/** What the difference of two sets of types does; `undefined` is every type. */
export function typeEffects(was: ReadonlySet<string> | undefined, is: ReadonlySet<string> | undefined): Effect[] {
  if (!was || !is) {
    if (was === is) return [];
    return was ? ['type widened'] : ['type narrowed'];
  }
  const lost = [...was].filter((type) => !accepts(is, type));
  const gained = [...is].filter((type) => !accepts(was, type));
  if (lost.length === was.size && gained.length === is.size) return ['type changed'];
  return [
    ...(lost.length > 0 ? (['type narrowed'] as const) : []),
    ...(gained.length > 0 ? (['type widened'] as const) : []),
  ];
}

const accepts = (types: ReadonlySet<string>, type: string): boolean =>
  types.has(type) || (type === 'integer' && types.has('number'));

/** Names that one of two lists has and the other has not. */
export function namesOnlyIn(list: Json | undefined, other: Json | undefined): string[] {
  return listOf(list).filter(
    (name): name is string => typeof name === 'string' && !listOf(other).some((one) => isSame(one, name)),
  );
}
