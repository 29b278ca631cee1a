import { isDeepStrictEqual } from 'node:util';

interface Document {
  components?: { schemas?: Readonly<Record<string, unknown>> };
}

/**
 * The document with every schema that has a `title` written once, under that name, and referred to everywhere else.
 * Throws where two different schemas have one name.
 */
export function withNamedSchemas<D extends Document>(document: D): D {
  const named: Record<string, unknown> = {};
  const { paths, ...rest } = JSON.parse(JSON.stringify(document)) as D & { readonly paths?: unknown };
  const replaced = replace(paths, named);
  const schemas = { ...named, ...rest.components?.schemas };
  return { ...rest, paths: replaced, components: { ...rest.components, schemas } } as unknown as D;
}

/** From the inside outwards, so that named schemas refer to each other. */
function replace(value: unknown, named: Record<string, unknown>): unknown {
  if (Array.isArray(value)) return value.map((part) => replace(part, named));
  if (typeof value !== 'object' || value === null) return value;
  const parts = Object.entries(value).map(([name, part]) => [name, replace(part, named)]);
  const schema = Object.fromEntries(parts) as Readonly<Record<string, unknown>>;
  const { title } = schema;
  if (typeof title !== 'string') return schema;
  if (named[title] && !isDeepStrictEqual(named[title], schema)) throw new Error(`Two schemas have the title ${title}.`);
  named[title] = schema;
  return { $ref: `#/components/schemas/${title}` };
}
