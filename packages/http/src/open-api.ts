import swagger from '@fastify/swagger';
import type { FastifyInstance, FastifySchema, RouteOptions } from 'fastify';
import Type from 'typebox';

export interface OpenApiOptions {
  readonly title: string;
  readonly description?: string;
}

const ProblemSchema = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.Optional(Type.String()),
  instance: Type.String(),
  code: Type.String(),
  traceId: Type.String(),
  errors: Type.Optional(Type.Array(Type.Object({ path: Type.String(), message: Type.String() }))),
});

const IdempotencyHeader = Type.Object({
  'idempotency-key': Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
});

/** Describes the routes in OpenAPI 3.1, from the schemas that check the requests. Registered in front of the routes. */
export async function describeRoutes(
  http: FastifyInstance,
  { title, version, description }: OpenApiOptions & { readonly version: string },
): Promise<void> {
  await http.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title, version, ...(description && { description }) },
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
    },
    transform: ({ schema, url, route }) => ({ schema: described(schema, route), url }),
  });
}

/** Adds what every route has: its errors, and the token and key that it takes. */
function described(schema: FastifySchema | undefined, { config }: RouteOptions): FastifySchema {
  const success = Object.keys(schema?.response ?? {}).length > 0 ? {} : { '2XX': { description: 'Success' } };
  return {
    ...schema,
    ...(config?.access !== 'public' && { security: [{ bearer: [] }] }),
    ...(config?.idempotent && { headers: IdempotencyHeader }),
    response: { ...success, ...(schema?.response ?? {}), default: { description: 'A problem (RFC 9457)', content } },
  };
}

const content = { 'application/problem+json': { schema: ProblemSchema } };
