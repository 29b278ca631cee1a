type Schema = Readonly<Record<string, unknown>>;

const LISTS = ['anyOf', 'oneOf'] as const;
const MAPS = ['properties', 'patternProperties', '$defs'] as const;

/**
 * The schema of a body or a cursor, made strict: objects refuse unknown fields unless they say `additionalProperties`
 * themselves, and integers are such that JavaScript can tell them apart.
 */
export function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const source = schema as Schema;
  if ('allOf' in source) throw new Error('A body schema cannot be closed across allOf; write it as one object.');
  const result: Record<string, unknown> = { ...source };
  // A refinement is no part of JSON Schema, and is not enumerated: it has to be carried over by name.
  if ('~refine' in source) Object.defineProperty(result, '~refine', { value: source['~refine'] });
  for (const name of LISTS) if (source[name]) result[name] = closed(source[name]);
  for (const name of MAPS) if (source[name]) result[name] = closedEach(source[name] as Schema);
  if (source['items']) result['items'] = closed(source['items']);
  if (source['type'] === 'object') result['additionalProperties'] = closed(source['additionalProperties'] ?? false);
  if (source['type'] === 'integer') Object.assign(result, safeIntegers(source));
  return result;
}

const closedEach = (schemas: Schema): Schema =>
  Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, closed(schema)]));

const safeIntegers = ({ minimum, maximum }: Schema) => ({
  minimum: minimum ?? Number.MIN_SAFE_INTEGER,
  maximum: maximum ?? Number.MAX_SAFE_INTEGER,
});
