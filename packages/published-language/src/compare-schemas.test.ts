import { deepStrictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { Direction } from './change.ts';
import { compareSchemas } from './compare-schemas.ts';
import type { Json, JsonObject } from './json.ts';
import { KEYWORD_RULES } from './keyword-rules.ts';
import {
  bounds,
  type Case,
  DIRECTIONS,
  FINE,
  integer,
  literal,
  NARROWED,
  nothing,
  objectOf,
  REPLACED,
  TYPE_CHANGED,
  TYPE_NARROWED,
  TYPE_WIDENED,
  text,
  UNKNOWN,
  WIDENED,
} from './schemas.fixtures.ts';

const CASES: Readonly<Record<string, Case>> = {
  'the same schema': { was: objectOf({ a: text }), is: objectOf({ a: text }), ...FINE },
  'other words about it': {
    was: { ...text, title: 'A' },
    is: { ...text, description: 'B', deprecated: true },
    ...FINE,
  },
  'a new optional field': {
    was: objectOf({ a: text }),
    is: objectOf({ a: text, b: text }),
    kinds: ['optional field added'],
    breaks: [],
  },
  'a new required field': {
    was: objectOf({ a: text }, ['a']),
    is: objectOf({ a: text, b: text }, ['a', 'b']),
    kinds: ['required field added'],
    breaks: ['request', 'command', 'event'],
  },
  'a removed field': {
    was: objectOf({ a: text, b: text }),
    is: objectOf({ a: text }),
    kinds: ['field removed'],
    breaks: DIRECTIONS,
  },
  'a removed required field': {
    was: objectOf({ a: text, b: text }, ['b']),
    is: objectOf({ a: text }),
    kinds: ['field removed'],
    breaks: DIRECTIONS,
  },
  'a renamed field': {
    was: objectOf({ name: text }, ['name']),
    is: objectOf({ title: text }, ['title']),
    kinds: ['field removed', 'required field added'],
    breaks: DIRECTIONS,
  },
  'an optional field that is required now': {
    was: objectOf({ a: text }),
    is: objectOf({ a: text }, ['a']),
    kinds: ['field became required'],
    breaks: ['request', 'command', 'event'],
  },
  'a required field that is optional now': {
    was: objectOf({ a: text }, ['a']),
    is: objectOf({ a: text }),
    kinds: ['field became optional'],
    breaks: ['response', 'event'],
  },
  'a name that is required without being described': {
    was: objectOf({}),
    is: objectOf({}, ['a']),
    kinds: ['field became required'],
    breaks: ['request', 'command', 'event'],
  },
  'a new field of an object that was closed': {
    was: objectOf({ a: text }, [], { additionalProperties: false }),
    is: objectOf({ a: text, b: text }, [], { additionalProperties: false }),
    kinds: ['optional field added', 'field added to a closed object'],
    breaks: ['response', 'event'],
  },
  'an object that is closed': { was: objectOf({}), is: objectOf({}, [], { additionalProperties: false }), ...NARROWED },
  'an object that is opened': { was: objectOf({}, [], { additionalProperties: false }), is: objectOf({}), ...WIDENED },
  'other values of a map': {
    was: { type: 'object', additionalProperties: text },
    is: { type: 'object', additionalProperties: integer },
    ...TYPE_CHANGED,
  },
  'names of a map that are bound': {
    was: { type: 'object' },
    is: { type: 'object', propertyNames: { maxLength: 3 } },
    ...TYPE_NARROWED,
  },
  'values by pattern': {
    was: { type: 'object', patternProperties: { '^a': text } },
    is: { type: 'object', patternProperties: { '^a': integer } },
    ...TYPE_CHANGED,
  },
  'another pattern of names': {
    was: { type: 'object', patternProperties: { '^a': text } },
    is: { type: 'object', patternProperties: { '^b': text } },
    kinds: ['not understood', 'not understood'],
    breaks: DIRECTIONS,
  },

  'another type': { was: text, is: integer, ...TYPE_CHANGED },
  'fewer types': { was: { type: ['string', 'null'] }, is: text, ...TYPE_NARROWED },
  'more types': { was: text, is: { type: ['string', 'null'] }, ...TYPE_WIDENED },
  'integers in place of numbers': { was: { type: 'number' }, is: integer, ...TYPE_NARROWED },
  'numbers in place of integers': { was: integer, is: { type: 'number' }, ...TYPE_WIDENED },
  'a type where there was none': { was: { minLength: 1 }, is: { ...text, minLength: 1 }, ...TYPE_NARROWED },
  'no type where there was one': { was: { ...text, minLength: 1 }, is: { minLength: 1 }, ...TYPE_WIDENED },
  'a schema where everything was right': { was: {}, is: text, ...TYPE_NARROWED },
  'everything where there was a schema': { was: text, is: true, ...TYPE_WIDENED },
  'nothing is right any more': { was: text, is: false, ...NARROWED },
  'something is right that was not': { was: false, is: text, ...WIDENED },

  'a value that is gone': { was: { enum: ['a', 'b'] }, is: { enum: ['a'] }, ...NARROWED },
  'a value that is new': { was: { enum: ['a'] }, is: { enum: ['b', 'a'] }, ...WIDENED },
  'another value': {
    was: { const: 'a' },
    is: { const: 'b' },
    kinds: ['narrowed', 'widened'],
    breaks: DIRECTIONS,
  },
  'values where there was a type': { was: text, is: { enum: ['a'] }, ...NARROWED },
  'a type where there were values': { was: { enum: ['a'] }, is: text, ...WIDENED },
  'values of another type': { was: { enum: ['a'] }, is: { enum: [1] }, ...TYPE_CHANGED },
  'a union of literals as an enum': { was: { anyOf: [literal('a'), literal('b')] }, is: { enum: ['b', 'a'] }, ...FINE },
  'a literal that is new in a union': {
    was: { anyOf: [literal('a'), literal('b')] },
    is: { anyOf: [literal('a'), literal('b'), literal('c')] },
    ...WIDENED,
  },

  'another format': { was: { ...text, format: 'date' }, is: { ...text, format: 'date-time' }, ...REPLACED },
  'a format where there was none': { was: text, is: { ...text, format: 'date' }, ...NARROWED },
  'no format where there was one': { was: { ...text, format: 'date' }, is: text, ...WIDENED },
  'another pattern': { was: { ...text, pattern: 'a' }, is: { ...text, pattern: 'b' }, ...REPLACED },
  'a pattern where there was none': { was: text, is: { ...text, pattern: 'a' }, ...NARROWED },
  'another encoding': { was: { ...text, contentEncoding: 'base64' }, is: text, ...WIDENED },
  'another media type inside': { was: text, is: { ...text, contentMediaType: 'application/json' }, ...NARROWED },
  'another default': {
    was: { ...integer, default: 1 },
    is: { ...integer, default: 2 },
    kinds: ['default changed'],
    breaks: ['request', 'command'],
  },
  'a coarser multiple': { was: { ...integer, multipleOf: 2 }, is: { ...integer, multipleOf: 4 }, ...NARROWED },
  'a finer multiple': { was: { ...integer, multipleOf: 4 }, is: { ...integer, multipleOf: 2 }, ...WIDENED },
  'another multiple': { was: { ...integer, multipleOf: 2 }, is: { ...integer, multipleOf: 3 }, ...REPLACED },
  'a multiple where there was none': { was: integer, is: { ...integer, multipleOf: 2 }, ...NARROWED },
  'elements that must be unique': { was: { type: 'array' }, is: { type: 'array', uniqueItems: true }, ...NARROWED },
  'elements that may repeat': { was: { type: 'array', uniqueItems: true }, is: { type: 'array' }, ...WIDENED },

  'other elements': { was: { type: 'array', items: text }, is: { type: 'array', items: integer }, ...TYPE_CHANGED },
  'elements that are bound now': { was: { type: 'array' }, is: { type: 'array', items: text }, ...TYPE_NARROWED },
  'a field of an object in a list': {
    was: { type: 'array', items: objectOf({ a: text }) },
    is: { type: 'array', items: objectOf({}) },
    kinds: ['field removed'],
    breaks: DIRECTIONS,
  },
  'another place of a tuple': {
    was: { type: 'array', prefixItems: [text, integer] },
    is: { type: 'array', prefixItems: [text, text] },
    ...TYPE_CHANGED,
  },
  'a place less in a tuple': {
    was: { type: 'array', items: [text, integer], additionalItems: false },
    is: { type: 'array', items: [text], additionalItems: false },
    ...NARROWED,
  },
  'a part of an intersection': { was: { allOf: [text] }, is: { allOf: [integer] }, ...TYPE_CHANGED },
  'one more part of an intersection': {
    was: { allOf: [text] },
    is: { allOf: [text, { minLength: 1 }] },
    ...TYPE_NARROWED,
  },
  'one part less of an intersection': {
    was: { allOf: [text, { minLength: 1 }] },
    is: { allOf: [text] },
    ...TYPE_WIDENED,
  },

  'a variant that is gone': {
    was: { anyOf: [text, integer, nothing] },
    is: { anyOf: [text, nothing] },
    ...TYPE_NARROWED,
  },
  'a variant that is new': {
    was: { anyOf: [nothing, text] },
    is: { anyOf: [text, integer, nothing] },
    ...TYPE_WIDENED,
  },
  'a schema that may be null now': { was: text, is: { anyOf: [text, nothing] }, ...TYPE_WIDENED },
  'a schema that may no longer be null': { was: { oneOf: [text, nothing] }, is: text, ...TYPE_NARROWED },
  'one of many in place of any': { was: { anyOf: [text, integer] }, is: { oneOf: [text, integer] }, ...NARROWED },
  'any in place of one of many': { was: { oneOf: [text, integer] }, is: { anyOf: [text, integer] }, ...WIDENED },
  'variants with rules around them': {
    was: text,
    is: { minLength: 1, anyOf: [text, nothing] },
    ...UNKNOWN,
  },
  'a rule around variants': {
    was: { maxProperties: 3, anyOf: [objectOf({ a: text }), nothing] },
    is: { maxProperties: 2, anyOf: [objectOf({ a: text }), nothing] },
    ...NARROWED,
  },
  'a field of the variant of the same kind': {
    was: { anyOf: [objectOf({ kind: literal('card'), no: text }), objectOf({ kind: literal('cash'), no: text })] },
    is: { anyOf: [objectOf({ kind: literal('cash'), no: integer }), objectOf({ kind: literal('card'), no: text })] },
    ...TYPE_CHANGED,
  },
  'the only variant that is another': {
    was: { anyOf: [nothing, objectOf({ kind: literal('card'), no: text })] },
    is: { anyOf: [nothing, objectOf({ no: integer })] },
    kinds: ['field removed', 'type changed'],
    breaks: DIRECTIONS,
  },

  'a rule that is not known': { was: text, is: { ...text, minCharacters: 1 }, ...UNKNOWN },
  'a condition': {
    was: text,
    is: { ...text, if: { minLength: 3 }, else: { maxLength: 5 } },
    kinds: ['not understood', 'not understood'],
    breaks: DIRECTIONS,
  },
  'a negation': { was: { ...text, not: { const: 'a' } }, is: { ...text, not: { const: 'b' } }, ...UNKNOWN },
  'fields that depend on others': {
    was: objectOf({ a: text }),
    is: objectOf({ a: text }, [], { dependentRequired: { a: ['b'] } }),
    ...UNKNOWN,
  },
  'the data of a stream of events': {
    was: { ...text, 'x-event-data': objectOf({ a: text }) },
    is: { ...text, 'x-event-data': objectOf({ a: integer }) },
    ...TYPE_CHANGED,
  },
};

const compared = (was: Json, is: Json, direction: Direction) =>
  compareSchemas({ was, is, direction, documents: { was: {}, is: {} }, at: 'it' });

for (const [title, { was, is, kinds, breaks }] of [...Object.entries(CASES), ...bounds]) {
  test(`${title}: ${breaks.length > 0 ? `breaks ${breaks.join(', ')}` : 'breaks nobody'}`, () => {
    for (const direction of DIRECTIONS) {
      deepStrictEqual(
        compared(was, is, direction).map(({ kind }) => kind),
        kinds,
      );
    }
    deepStrictEqual(
      DIRECTIONS.filter((direction) => compared(was, is, direction).some((change) => change.breaks)),
      breaks,
    );
  });
}

test('every rule has a case that it decides alone', () => {
  const used = new Set(
    [...Object.values(CASES), ...bounds.map(([, one]) => one)].flatMap(({ was, is }) =>
      [was, is].flatMap((schema) => Object.keys(schema as JsonObject)),
    ),
  );
  deepStrictEqual(
    Object.keys(KEYWORD_RULES).filter((keyword) => !used.has(keyword)),
    [],
  );
});
