import Type, { type Static } from 'typebox';

const closed = { additionalProperties: false };
const Text = Type.String({ minLength: 1 });
const Milliseconds = Type.Integer({ minimum: 1, maximum: 86_400_000 });
const Bytes = Type.Integer({ minimum: 0, maximum: 2 ** 40 });
const Seconds = Type.Integer({ minimum: 0, maximum: 2 ** 31 });

const Listen = Type.Object(
  {
    port: Type.Integer({ minimum: 0, maximum: 65_535 }),
    host: Type.Optional(Text),
    tls: Type.Optional(Type.Object({ certFile: Text, keyFile: Text }, closed)),
    trustedProxies: Type.Optional(Type.Array(Text)),
    maxConnections: Type.Optional(Type.Integer({ minimum: 1 })),
    maxConcurrent: Type.Optional(Type.Integer({ minimum: 1 })),
    headersMs: Type.Optional(Milliseconds),
    requestMs: Type.Optional(Milliseconds),
    bodyBytesPerSecond: Type.Optional(Type.Integer({ minimum: 1 })),
    keepAliveMs: Type.Optional(Milliseconds),
  },
  closed,
);

const Health = Type.Object(
  {
    failures: Type.Optional(Type.Integer({ minimum: 1 })),
    ejectMs: Type.Optional(Milliseconds),
    path: Type.Optional(Type.String({ pattern: '^/[!-~]*$' })),
    alivePath: Type.Optional(Type.String({ pattern: '^/[!-~]*$' })),
    intervalMs: Type.Optional(Milliseconds),
  },
  closed,
);

const Breaker = Type.Object(
  {
    errorRate: Type.Number({ exclusiveMinimum: 0, maximum: 1 }),
    volume: Type.Integer({ minimum: 1 }),
    windowMs: Milliseconds,
    openMs: Milliseconds,
  },
  closed,
);

const Upstream = Type.Object(
  {
    replicas: Type.Array(Type.String({ pattern: '^https?://[^/?#]+/?$' })),
    health: Type.Optional(Health),
    breaker: Type.Optional(Breaker),
  },
  closed,
);

const Cors = Type.Object(
  {
    origins: Type.Array(Text, { minItems: 1 }),
    credentials: Type.Optional(Type.Boolean()),
    headers: Type.Optional(Type.Array(Text)),
    exposes: Type.Optional(Type.Array(Text)),
    maxAgeSeconds: Type.Optional(Seconds),
  },
  closed,
);

const Limit = Type.Object(
  {
    name: Text,
    by: Type.Union([Type.Literal('caller'), Type.Literal('address'), Type.Object({ bodyField: Text }, closed)]),
    quota: Type.Integer({ minimum: 1 }),
    windowSeconds: Type.Integer({ minimum: 1 }),
    shape: Type.Optional(Type.Union([Type.Literal('bucket'), Type.Literal('window')])),
  },
  closed,
);

const Cache = Type.Object({ maxBytes: Type.Optional(Bytes), maxAnswerBytes: Type.Optional(Bytes) }, closed);

const RouteCache = Type.Union([
  Type.Literal(true),
  Type.Object(
    {
      tags: Type.Optional(Type.Array(Text)),
      unless: Type.Optional(Type.Array(Text)),
      honoursRequests: Type.Optional(Type.Boolean()),
      staleIfErrorSeconds: Type.Optional(Seconds),
    },
    closed,
  ),
]);

const Access = Type.Union([
  Type.Literal('public'),
  Type.Literal('user'),
  Type.Literal('admin'),
  Type.Object(
    {
      roles: Type.Optional(Type.Array(Text, { minItems: 1 })),
      scopes: Type.Optional(Type.Array(Text, { minItems: 1 })),
      owner: Type.Optional(Type.Object({ parameter: Text, claim: Text }, closed)),
    },
    { ...closed, minProperties: 1 },
  ),
]);

const Authentication = Type.Object(
  {
    internalTokens: Type.Optional(Type.Object({ keyFile: Text }, closed)),
    jwt: Type.Optional(
      Type.Object(
        {
          jwks: Type.Union([
            Type.String({ pattern: '^https?://' }),
            Type.Object({ keys: Type.Array(Type.Record(Type.String(), Type.Unknown())) }),
          ]),
          issuer: Type.Optional(Text),
          audience: Type.Optional(Text),
        },
        closed,
      ),
    ),
    apiKeys: Type.Optional(
      Type.Array(
        Type.Object(
          {
            id: Text,
            sha256: Type.String({ pattern: '^[0-9a-fA-F]{64}$' }),
            role: Type.Optional(Text),
            scopes: Type.Optional(Type.Array(Text)),
          },
          closed,
        ),
      ),
    ),
  },
  closed,
);

const Reshape = Type.Object(
  {
    set: Type.Optional(Type.Record(Type.String(), Type.String({ pattern: '^[\\t\\x20-\\x7e]*$' }))),
    remove: Type.Optional(Type.Array(Text)),
  },
  closed,
);

const JsonShape = Type.Object(
  {
    remove: Type.Optional(Type.Array(Text)),
    rename: Type.Optional(Type.Record(Type.String(), Text)),
    set: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  },
  closed,
);

const Part = Type.Object(
  { upstream: Text, path: Type.String({ pattern: '^/[!-~]*$' }), isOptional: Type.Optional(Type.Boolean()) },
  closed,
);

const Ending = Type.Union([
  Type.Literal('session'),
  Type.Literal('user'),
  Type.Literal('other-sessions'),
  Type.Literal('named-session'),
  Type.Literal('former-role'),
]);

const Method = Type.Union([
  Type.Literal('GET'),
  Type.Literal('HEAD'),
  Type.Literal('POST'),
  Type.Literal('PUT'),
  Type.Literal('PATCH'),
  Type.Literal('DELETE'),
  Type.Literal('OPTIONS'),
  Type.Literal('*'),
]);

const Version = Type.Union([
  Type.Object({ header: Type.String({ pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$" }), is: Text }, closed),
  Type.Object({ accepts: Type.String({ pattern: '^[^/;,\\s]+/[^/;,\\s]+$' }) }, closed),
]);

const Route = Type.Object(
  {
    method: Method,
    path: Type.String({ pattern: '^/' }),
    host: Type.Optional(Type.String({ pattern: '^(\\*\\.)?[A-Za-z0-9.-]+$' })),
    version: Type.Optional(Version),
    upstream: Text,
    access: Access,
    limit: Type.Optional(Text),
    timeoutMs: Type.Optional(Milliseconds),
    hedgeAfterMs: Type.Optional(Milliseconds),
    bodyLimitBytes: Type.Optional(Bytes),
    body: Type.Optional(Type.Union([Type.Literal('json'), Type.Literal('any')])),
    errors: Type.Optional(Type.Union([Type.Literal('sealed'), Type.Literal('passed')])),
    stream: Type.Optional(Type.Boolean()),
    upgrade: Type.Optional(Type.Boolean()),
    idempotent: Type.Optional(Type.Boolean()),
    cors: Type.Optional(Cors),
    compress: Type.Optional(Type.Boolean()),
    rewrite: Type.Optional(Type.String({ pattern: '^/[!-~]*$' })),
    request: Type.Optional(
      Type.Object(
        { headers: Type.Optional(Reshape), query: Type.Optional(Reshape), body: Type.Optional(JsonShape) },
        closed,
      ),
    ),
    response: Type.Optional(
      Type.Object(
        { headers: Type.Optional(Reshape), fields: Type.Optional(Type.Array(Text)), body: Type.Optional(JsonShape) },
        closed,
      ),
    ),
    joins: Type.Optional(Type.Object({ as: Text, parts: Type.Record(Type.String(), Part) }, closed)),
    fallback: Type.Optional(
      Type.Object(
        { status: Type.Optional(Type.Integer({ minimum: 200, maximum: 599 })), body: Type.Optional(Type.Unknown()) },
        closed,
      ),
    ),
    ends: Type.Optional(Ending),
    cache: Type.Optional(RouteCache),
  },
  closed,
);

/** The whole configuration of a gateway that runs alone; as JSON Schema it is published beside this package. */
export const GatewayConfig = Type.Object(
  {
    $schema: Type.Optional(Type.String()),
    listen: Listen,
    upstreams: Type.Record(Type.String({ pattern: '^[a-z][a-z0-9-]*$' }), Upstream, closed),
    limits: Type.Optional(Type.Record(Type.String(), Type.Array(Limit))),
    cache: Type.Optional(Cache),
    cluster: Type.Optional(
      Type.Object(
        {
          redis: Type.String({ pattern: '^rediss?://' }),
          namespace: Type.Optional(Text),
          sharesAnswers: Type.Optional(Type.Boolean()),
        },
        closed,
      ),
    ),
    authentication: Type.Optional(Authentication),
    routes: Type.Array(Route),
  },
  { ...closed, $id: 'https://ashlar.dev/schemas/gateway.json', title: 'An Ashlar gateway' },
);

export type GatewayConfig = Static<typeof GatewayConfig>;
