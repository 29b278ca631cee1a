import { STATUS_CODES } from 'node:http';
import swagger from '@fastify/swagger';
import type { FastifyInstance, FastifySchema, RouteOptions } from 'fastify';
import Type from 'typebox';
import { withNamedSchemas } from './named-schemas.ts';
import { refusalsOf } from './refusals.ts';
import { NO_BODY } from './validation.ts';

export interface OpenApiOptions {
  readonly title: string;
  readonly description?: string;
}

const ProblemSchema = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.Optional(Type.String()),
    instance: Type.String(),
    code: Type.String({ description: 'The stable word for programs; the rest is for people.' }),
    traceId: Type.String(),
    errors: Type.Optional(Type.Array(Type.Object({ path: Type.String(), message: Type.String() }))),
  },
  { description: 'RFC 9457' },
);

const KeyHeader = { 'Idempotency-Key': Type.Optional(Type.String({ minLength: 1, maxLength: 255 })) };
const TokenHeader = { 'Consistency-Token': Type.Optional(Type.String({ maxLength: 512 })) };

const info = 'What clients branch on is `code`; every status may carry others than those that are named.';

type Answers = Record<string, Record<string, unknown>>;

interface Operation {
  readonly responses: Answers;
}

/** Describes the routes in OpenAPI 3.1, from the schemas that check the requests. Registered in front of the routes. */
export async function describeRoutes(
  http: FastifyInstance,
  { title, version, description = info }: OpenApiOptions & { readonly version: string },
): Promise<void> {
  const routes = new Map<string, RouteOptions>();
  http.addHook('onRoute', (route) => {
    for (const method of [route.method].flat()) routes.set(`${method.toLowerCase()} ${templateOf(route.url)}`, route);
  });
  await http.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title, version, description },
      components: {
        schemas: { Problem: ProblemSchema as object },
        securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      },
    },
    transform: ({ schema, url, route }) => ({ schema: described(schema, route), url }),
    transformObject: (documented) => {
      if (!('openapiObject' in documented)) throw new Error('The routes are described in OpenAPI 3.');
      const document = documented.openapiObject;
      const responses: Answers = {};
      for (const [path, item] of Object.entries(document.paths ?? {}))
        for (const [method, operation] of Object.entries(item ?? {}))
          addProblems(operation as unknown as Operation, refusalsOf(routes.get(`${method} ${path}`)), responses);
      return withNamedSchemas({ ...document, components: { ...document.components, responses } as object });
    },
  });
}

const templateOf = (url: string): string => url.replaceAll(/:(\w+)/g, '{$1}');

/** What every route takes besides its own: the token, the role that it has to have, and the key. */
function described(schema: FastifySchema | undefined, { config }: RouteOptions): FastifySchema {
  const roles = config?.access === 'admin' ? ['admin'] : [];
  const headers = { ...TokenHeader, ...(config?.idempotent && KeyHeader) };
  const isDescribed = Object.keys(schema?.response ?? {}).length > 0;
  const query = schema?.querystring as ObjectSchema | undefined;
  const { body, ...rest } = schema ?? {};
  return {
    ...rest,
    ...(body !== NO_BODY && { body }),
    ...(query && { querystring: withDefaults(query) }),
    ...(config?.access !== 'public' && { security: [{ bearer: roles }] }),
    headers: Type.Object(headers),
    response: isDescribed ? schema?.response : { '2XX': { description: 'Success' } },
  };
}

interface ObjectSchema {
  readonly required?: readonly string[];
  readonly properties: Readonly<Record<string, object>>;
}

/** What has a default may be left out. */
const withDefaults = ({ required = [], ...schema }: ObjectSchema): ObjectSchema => ({
  ...schema,
  required: required.filter((name) => !('default' in (schema.properties[name] ?? {}))),
});

/** What may go wrong, by status; whatever else does is described by `default`. Each set of codes is written once. */
function addProblems({ responses }: Operation, refusals: ReturnType<typeof refusalsOf>, named: Answers): void {
  for (const [status, response] of Object.entries(responses)) {
    if (response['description'] === 'Default Response') response['description'] = STATUS_CODES[status] ?? 'Success';
  }
  for (const [status, codes] of refusals) {
    const name = codes.join('.');
    const description = codes.map((code) => `\`${code}\``).join(', ');
    named[name] = { description, content, 'x-problem-codes': codes };
    responses[status] = { $ref: `#/components/responses/${name}` };
  }
  named['problem'] = { description: 'Any other problem.', content };
  responses['default'] = { $ref: '#/components/responses/problem' };
}

const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
