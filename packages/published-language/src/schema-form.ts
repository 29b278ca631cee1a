import { canonical, isObject, type Json, type JsonObject, listOf, objectOf, resolved } from './json.ts';

/**
 * A schema in the one form in which it is compared: references followed, `const` and unions of literals written as
 * `enum`, tuples as `prefixItems`, and the booleans as objects.
 */
export function formOf(document: JsonObject, schema: Json | undefined): JsonObject {
  const found = resolved(document, withSiblings(schema));
  if (found === undefined || found === true) return {};
  if (!isObject(found)) return NOTHING;
  return withTuple(withLiterals(document, found));
}

/** What stands beside a reference holds as well. */
function withSiblings(schema: Json | undefined): Json | undefined {
  if (!isObject(schema) || schema['$ref'] === undefined) return schema;
  const { $ref, ...siblings } = schema;
  if (isAnything(siblings)) return schema;
  return { ...siblings, allOf: [...listOf(siblings['allOf']), { $ref }] };
}

/** The schema that accepts nothing. */
export const NOTHING: JsonObject = { not: {} };

/** Says something about the values, and is no annotation. */
const ANNOTATIONS = new Set(['title', 'description', 'examples', 'example', '$comment', 'deprecated', 'externalDocs']);

export const isAnnotation = (keyword: string): boolean => ANNOTATIONS.has(keyword) || keyword.startsWith('x-');

/** Whether it accepts everything. */
export const isAnything = (schema: JsonObject): boolean => Object.keys(schema).every(isAnnotation);

function withLiterals(document: JsonObject, schema: JsonObject): JsonObject {
  const { const: literal, ...rest } = schema;
  if (literal !== undefined && schema['enum'] === undefined) return withoutType({ ...rest, enum: [literal] });
  if (schema['enum'] !== undefined) return withoutType(schema);
  const { anyOf, ...others } = schema;
  const variants = listOf(anyOf).map((variant) => formOf(document, variant));
  if (variants.length === 0 || !variants.every(isLiterals)) return schema;
  return { ...others, enum: variants.flatMap((variant) => listOf(variant['enum'])) };
}

/** The values say their type themselves. */
const withoutType = ({ type: _, ...schema }: JsonObject): JsonObject => schema;

const isLiterals = ({ enum: values, ...rest }: JsonObject): boolean => Array.isArray(values) && isAnything(rest);

/** Before JSON Schema 2020-12 a tuple was a list of `items`, with `additionalItems` behind it. */
function withTuple(schema: JsonObject): JsonObject {
  const { items, additionalItems, ...rest } = schema;
  return Array.isArray(items) ? { ...rest, prefixItems: items, items: additionalItems } : schema;
}

/** The types that a schema accepts, or `undefined` where it does not say. */
export function typesOf({ type, enum: values }: JsonObject): ReadonlySet<string> | undefined {
  if (Array.isArray(values)) return new Set(values.map(typeOf));
  if (type === undefined) return undefined;
  return new Set((Array.isArray(type) ? type : [type]).map(String));
}

function typeOf(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}

/** By what one variant of a union is known again: the fields that have one fixed value, else its types. */
export function variantName(document: JsonObject, schema: JsonObject): string {
  const fields = Object.entries(objectOf(schema['properties'])).flatMap(([name, field]) => {
    const values = listOf(formOf(document, field)['enum']);
    return values.length === 1 ? [[name, values[0]!] as const] : [];
  });
  if (fields.length > 0) return canonical(Object.fromEntries(fields));
  return [...(typesOf(schema) ?? ['anything'])].sort().join();
}
