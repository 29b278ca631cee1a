import type { TSchema } from 'typebox';

/** As much of a JSON schema as can be told without real values. */
interface Shape {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly items?: Shape;
}

/**
 * How a message that was made of sample data differs in shape from what its contract asks for: what is missing, and
 * what is of another kind. Samples stand for any value, and texts for any text.
 */
export const misshapen = (schema: TSchema, data: unknown): string | undefined => differs(schema as Shape, data, '');

function differs(shape: Shape, data: unknown, path: string): string | undefined {
  if (typeof data === 'function') return undefined;
  const isOfKind = shape.type === undefined || KINDS[shape.type]?.(data) !== false;
  if (!isOfKind) return `${path || '/'} must be ${shape.type}`;
  if (Array.isArray(data)) return firstOf(data.map((item, at) => differs(shape.items ?? {}, item, `${path}/${at}`)));
  if (typeof data !== 'object' || data === null) return undefined;
  const values = data as Readonly<Record<string, unknown>>;
  const missing = shape.required?.find((name) => values[name] === undefined);
  if (missing !== undefined) return `${path || '/'} must have required properties ${missing}`;
  return firstOf(
    Object.entries(shape.properties ?? {}).map(([name, part]) =>
      values[name] === undefined ? undefined : differs(part, values[name], `${path}/${name}`),
    ),
  );
}

const KINDS: Readonly<Record<string, (data: unknown) => boolean>> = {
  object: (data) => typeof data === 'object' && data !== null && !Array.isArray(data),
  array: (data) => Array.isArray(data),
  string: (data) => typeof data === 'string',
  number: (data) => typeof data === 'number' || typeof data === 'string',
  integer: (data) => typeof data === 'number' || typeof data === 'string',
  boolean: (data) => typeof data === 'boolean',
};

const firstOf = (found: readonly (string | undefined)[]): string | undefined => found.find((one) => one !== undefined);
