import type { FastifyInstance, FastifySchemaValidationError } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { Value } from 'typebox/value';
import { closed } from './closed-schema.ts';
import { type InvalidPart, InvalidRequestError } from './invalid-request.ts';

/** Checks requests against their schemas. Bodies are closed and taken as they are; queries and paths are text first. */
export function checkRequests(http: FastifyInstance): void {
  http.addHook('onRoute', (route) => {
    if (route.schema?.body) route.schema = { ...route.schema, body: closed(route.schema.body) };
  });
  http.setValidatorCompiler<TSchema>(({ schema, httpPart }) => {
    const validator = Compile(schema);
    const read = httpPart === 'body' ? (value: unknown) => value : (value: unknown) => fromText(schema, value);
    return (given: unknown) => {
      const value = Value.Default(schema, read(given));
      return validator.Check(value) ? { value } : { error: validator.Errors(value) };
    };
  });
  http.setSchemaErrorFormatter(
    (errors, part) => new InvalidRequestError(errors.flatMap((error) => wrong(error, part))),
  );
}

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
      path: at(`${instancePath}/${name}`),
      message: 'is not a known field',
    }));
  }
  return [{ path: at(instancePath), message }];
}
