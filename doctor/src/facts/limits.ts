import type { Node } from 'oxc-parser';
import { nameOf } from '../source/ast.ts';

/** How a value is bound: `min` and `max` are of a number, of the length of a text, or of how many a list has. */
export interface Limits {
  readonly min?: number;
  readonly max?: number;
  readonly above?: number;
  readonly below?: number;
  readonly multipleOf?: number;
  readonly pattern?: string;
  readonly format?: string;
  /** Some of them cannot be read from the text. */
  readonly isOpen?: true;
}

/** The keywords of JSON Schema, by what they bind. */
const KEYWORDS: Readonly<Record<string, keyof Limits>> = {
  minimum: 'min',
  minLength: 'min',
  minItems: 'min',
  maximum: 'max',
  maxLength: 'max',
  maxItems: 'max',
  exclusiveMinimum: 'above',
  exclusiveMaximum: 'below',
  multipleOf: 'multipleOf',
  pattern: 'pattern',
  format: 'format',
};

/** Of a schema as a value: that of a document. */
export function limitsOfKeywords(schema: Readonly<Record<string, unknown>>): Limits {
  const entries = Object.entries(KEYWORDS).flatMap(([keyword, limit]) =>
    ['number', 'string'].includes(typeof schema[keyword]) ? [[limit, schema[keyword]] as const] : [],
  );
  return Object.fromEntries(entries);
}

/** Of a schema in the text: the options of TypeBox, or JSON Schema. */
export function limitsOfOptions(options: Node | undefined): Limits {
  if (options === undefined) return {};
  if (options.type !== 'ObjectExpression') return OPEN;
  const entries = options.properties.map((entry) =>
    entry.type === 'Property'
      ? ([nameOf(entry.key as Node) ?? '', literalOf(entry.value as Node)] as const)
      : undefined,
  );
  const isOpen = entries.some((entry) => !entry || (entry[0] in KEYWORDS && entry[1] === undefined));
  return {
    ...limitsOfKeywords(Object.fromEntries(entries.filter((entry) => entry !== undefined))),
    ...(isOpen && OPEN),
  };
}

const OPEN: Limits = { isOpen: true };

/** What methods of zod bind by what they are given, and what by their name alone. */
const METHODS: Readonly<Record<string, keyof Limits>> = {
  min: 'min',
  gte: 'min',
  max: 'max',
  lte: 'max',
  gt: 'above',
  lt: 'below',
  multipleOf: 'multipleOf',
  step: 'multipleOf',
  regex: 'pattern',
};
const BY_NAME: Readonly<Record<string, Limits>> = {
  positive: { above: 0 },
  nonnegative: { min: 0 },
  negative: { below: 0 },
  nonpositive: { max: 0 },
  nonempty: { min: 1 },
};
/** What zod has for texts of a form, by a method and by a function: `z.string().email()`, `z.email()`. */
export const FORMATS = /^(email|uuid|url|datetime|date|time|ip|cuid2?|ulid|base64|jwt)$/;

/** Of a call in a chain of zod: `.max(200)`. */
export function limitsOfCall(name: string, argument: Node | undefined): Limits {
  const limit = METHODS[name];
  if (!limit) {
    const value = literalOf(argument);
    if (name === 'length') return typeof value === 'number' ? { min: value, max: value } : OPEN;
    return BY_NAME[name] ?? (FORMATS.test(name) ? { format: name } : {});
  }
  const value = argument && literalOf(argument);
  return value === undefined ? OPEN : { [limit]: value };
}

function literalOf(node: Node | undefined): string | number | undefined {
  if (node?.type === 'UnaryExpression' && node.operator === '-') {
    const value = literalOf(node.argument);
    return typeof value === 'number' ? -value : undefined;
  }
  if (node?.type !== 'Literal') return undefined;
  if ('regex' in node && node.regex) return node.regex.pattern;
  return typeof node.value === 'string' || typeof node.value === 'number' ? node.value : undefined;
}

/** In words, what was allowed and is refused now: what was written before is refused by who reads it. */
export function tighter(before: Limits, after: Limits): string[] {
  if (before.isOpen || after.isOpen) return [];
  const told = (limit: keyof Limits): string =>
    `${limit} ${before[limit] === undefined ? 'is new' : `was ${before[limit]}`}, and is ${after[limit]}`;
  // What was above 0 may be 0 now: that is wider.
  const lowest = Math.max(before.min ?? -Infinity, before.above ?? -Infinity);
  const highest = Math.min(before.max ?? Infinity, before.below ?? Infinity);
  const isMore = (limit: 'min' | 'above'): boolean => {
    const now = after[limit] ?? -Infinity;
    return now > lowest || (limit === 'above' && now === lowest && now !== before.above && now > -Infinity);
  };
  const isLess = (limit: 'max' | 'below'): boolean => {
    const now = after[limit] ?? Infinity;
    return now < highest || (limit === 'below' && now === highest && now !== before.below && now < Infinity);
  };
  const isOther = (limit: 'pattern' | 'format' | 'multipleOf'): boolean =>
    after[limit] !== undefined && after[limit] !== before[limit];
  return [
    ...(['min', 'above'] as const).filter(isMore),
    ...(['max', 'below'] as const).filter(isLess),
    ...(['multipleOf', 'pattern', 'format'] as const).filter(isOther),
  ].map(told);
}
