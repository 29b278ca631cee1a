import type { FastifyInstance, FastifySchemaValidationError } from 'fastify';
import Type, { type TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { Value } from 'typebox/value';
import { closed } from './closed-schema.ts';
import { type InvalidPart, InvalidRequestError } from './invalid-request.ts';

/** The body of a route that asks for none: absent, or an object without fields. */
export const NO_BODY = Type.Object({}, { additionalProperties: false });

/**
 * Checks requests against their schemas. Bodies are closed and taken as they are, and none is taken where none is
 * asked for; queries and paths are text first.
 */
export function checkRequests(http: FastifyInstance): void {
  http.addHook('onRoute', (route) => {
    const body = route.schema?.body ? closed(route.schema.body) : NO_BODY;
    if (!isBodiless(route.method)) route.schema = { ...route.schema, body };
  });
  http.setValidatorCompiler<TSchema>(({ schema, httpPart }) => {
    const validator = Compile(schema);
    const read = httpPart === 'body' ? (value: unknown) => value : (value: unknown) => fromText(schema, value);
    return (given: unknown) => {
      // An absent body is told as null.
      if (schema === NO_BODY && given === null) return { value: undefined };
      const value = Value.Default(schema, read(given));
      return validator.Check(value)
        ? { value }
        : { error: validator.Errors(value).map((error) => inWords(schema, error)) };
    };
  });
  http.setSchemaErrorFormatter(
    (errors, part) => new InvalidRequestError(errors.flatMap((error) => wrong(error, part))),
  );
}

const isBodiless = (method: string | readonly string[]): boolean =>
  [method].flat().every((name) => ['GET', 'HEAD', 'OPTIONS', 'TRACE'].includes(name.toUpperCase()));

const NUMBER = /^-?\d+(\.\d+)?$/;
const BOOLEANS: Readonly<Record<string, boolean>> = { true: true, false: false };

/** Numbers and booleans as a query writes them; anything else stays a text, and is refused where none is expected. */
function fromText(schema: TSchema, given: unknown): unknown {
  if (!('properties' in schema) || typeof given !== 'object' || given === null) return given;
  const types = schema.properties as Readonly<Record<string, { readonly type?: unknown }>>;
  const entries = Object.entries(given).map(([name, text]) => {
    const type = Object.hasOwn(types, name) ? types[name]?.type : undefined;
    if (typeof text !== 'string') return [name, text];
    if ((type === 'integer' || type === 'number') && NUMBER.test(text)) return [name, Number(text)];
    return [name, type === 'boolean' ? (BOOLEANS[text] ?? text) : text];
  });
  return Object.fromEntries(entries);
}

/** A person is told what is wanted: words, and in place of a pattern what its schema says of itself. */
function inWords<One extends SchemaError>(schema: TSchema, error: One): One {
  const { allowedValues, format } = error.params as { readonly allowedValues?: unknown[]; readonly format?: string };
  if (error.keyword === 'enum') return { ...error, message: `must be one of ${allowedValues?.join(', ')}` };
  if (format === 'date-time') return { ...error, message: 'must be a time such as 2026-01-31T12:00:00Z' };
  const { description } = error.keyword === 'pattern' ? partOf(schema, error.schemaPath) : {};
  return description ? { ...error, message: `must be ${description}` } : error;
}

type SchemaError = Pick<FastifySchemaValidationError, 'keyword' | 'schemaPath' | 'params'>;

interface Part {
  readonly description?: string;
  readonly [name: string]: unknown;
}

const partOf = (schema: TSchema, path: string): Part =>
  path
    .split('/')
    .slice(1)
    .reduce<Part>((part, name) => (part[name] ?? {}) as Part, schema as Part);

/** Names come from the client: what is longer is not sent back. */
const LONGEST_NAME = 100;

const MARK: Readonly<Record<string, string>> = { querystring: '?', params: ':', headers: '' };

function wrong(
  { keyword, instancePath, params, message = 'is wrong' }: FastifySchemaValidationError,
  part: string,
): InvalidPart[] {
  if (keyword === 'boolean') return [];
  const at = (path: string) => (part === 'body' ? path || '/' : `${MARK[part] ?? ''}${path.slice(1)}`);
  const { requiredProperties, additionalProperties } = params as Readonly<
    Record<string, readonly string[] | undefined>
  >;
  if (keyword === 'required' && requiredProperties) {
    return requiredProperties.map((name) => ({ path: at(`${instancePath}/${name}`), message: 'is required' }));
  }
  if (keyword === 'additionalProperties' && additionalProperties) {
    return additionalProperties.map((name) => ({
      path: at(`${instancePath}/${name.slice(0, LONGEST_NAME)}`),
      message: 'is not a known field',
    }));
  }
  return [{ path: at(instancePath), message }];
}
