import type { Direction } from './change.ts';
import type { Json, JsonObject } from './json.ts';

export const DIRECTIONS: readonly Direction[] = ['request', 'response', 'command', 'event'];

/** What is told of a change of each kind, and whom it breaks. */
export const NARROWED = { kinds: ['narrowed'], breaks: ['request', 'command', 'event'] } as const;
export const WIDENED = { kinds: ['widened'], breaks: ['response', 'event'] } as const;
export const REPLACED = { kinds: ['rule replaced'], breaks: DIRECTIONS } as const;
export const TYPE_CHANGED = { kinds: ['type changed'], breaks: DIRECTIONS } as const;
export const TYPE_NARROWED = { kinds: ['type narrowed'], breaks: ['request', 'command', 'event'] } as const;
export const TYPE_WIDENED = { kinds: ['type widened'], breaks: ['response', 'command', 'event'] } as const;
export const UNKNOWN = { kinds: ['not understood'], breaks: DIRECTIONS } as const;
export const FINE = { kinds: [], breaks: [] } as const;

export const text = { type: 'string' };
export const integer = { type: 'integer' };
export const nothing = { type: 'null' };
export const objectOf = (
  properties: JsonObject,
  required: readonly string[] = [],
  more: JsonObject = {},
): JsonObject => ({
  type: 'object',
  properties,
  required,
  ...more,
});
export const literal = (value: Json) => ({ const: value, type: 'string' });

/** One change of a schema. */
export interface Case {
  readonly was: Json;
  readonly is: Json;
  /** The kinds of change that are told, in order. */
  readonly kinds: readonly string[];
  /** Whom it breaks. */
  readonly breaks: readonly Direction[];
}

const BOUNDS: Readonly<Record<string, string>> = {
  minimum: 'integer',
  exclusiveMinimum: 'integer',
  minLength: 'string',
  minItems: 'array',
  minProperties: 'object',
  maximum: 'integer',
  exclusiveMaximum: 'integer',
  maxLength: 'string',
  maxItems: 'array',
  maxProperties: 'object',
};

/** A bound that is tightened, loosened, put up and taken away. */
export const bounds = Object.entries(BOUNDS).flatMap(([keyword, type]): [string, Case][] => {
  const [loose, tight] = /^(min|exclusiveMin)/.test(keyword) ? [1, 2] : [2, 1];
  const bound = (value: number) => ({ type, [keyword]: value });
  return [
    [`${keyword}: tightened`, { was: bound(loose), is: bound(tight), ...NARROWED }],
    [`${keyword}: loosened`, { was: bound(tight), is: bound(loose), ...WIDENED }],
    [`${keyword}: put up`, { was: { type }, is: bound(loose), ...NARROWED }],
    [`${keyword}: taken away`, { was: bound(loose), is: { type }, ...WIDENED }],
  ];
});
