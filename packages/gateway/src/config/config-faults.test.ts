import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { fileFaults } from './config-faults.ts';
import { ConfigError, readConfig } from './read-config.ts';

type Change = Readonly<Record<string, unknown>>;

const config = {
  listen: { port: 8080 },
  upstreams: { shop: { replicas: ['http://127.0.0.1:3000'] } },
  routes: [{ method: 'GET', path: '/a/:id', upstream: 'shop', access: 'public' }],
};

const faultsIn = (text: string): readonly string[] => {
  try {
    readConfig(text);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.faults.map(({ path, reason }) => `${path}: ${reason}`);
  }
};

const written = (change: Change): string => JSON.stringify({ ...config, ...change });
const listen = (change: Change) => written({ listen: { ...config.listen, ...change } });
const shop = (change: Change) => written({ upstreams: { shop: { ...config.upstreams.shop, ...change } } });
const route = (change: Change) => written({ routes: [{ ...config.routes[0], ...change }] });
const A_LIMIT = { name: 'a', by: 'address', quota: 1, windowSeconds: 1 };
const limit = (name: string) => written({ limits: { l: [{ ...A_LIMIT, name }] } });
const key = { id: 'a', sha256: '0'.repeat(64) };

const FAULTS: readonly (readonly [what: string, text: string, told: RegExp])[] = [
  ['what is no JSON', '{', /^\/: is not JSON/],
  ['a list', '[]', /^\/: must be object/],
  ['a section that there is not', written({ colour: 1 }), /^\/: does not know colour/],
  ['no port', written({ listen: {} }), /^\/listen: must have required properties port/],
  ['a port beyond all', listen({ port: 70_000 }), /^\/listen\/port: must be <= 65535/],
  ['half of TLS', listen({ tls: { certFile: 'a' } }), /^\/listen\/tls: .* keyFile/],
  ['a proxy that is none', listen({ trustedProxies: ['10.0.0.1', 'balancer'] }), /^\/listen\/trustedProxies\/1: /],
  ['a network that is too small', listen({ trustedProxies: ['10.0.0.0/99'] }), /^\/listen\/trustedProxies\/0: /],
  ['a network without bits', listen({ trustedProxies: ['10.0.0.0/'] }), /^\/listen\/trustedProxies\/0: /],
  ['no patience', listen({ headersMs: 0 }), /^\/listen\/headersMs: must be >= 1/],
  ['a replica with a path', shop({ replicas: ['http://a/b'] }), /^\/upstreams\/shop\/replicas\/0: /],
  [
    'a replica with a port beyond all',
    shop({ replicas: ['http://a:99999'] }),
    /^\/upstreams\/shop\/replicas\/0: is no/,
  ],
  ['a replica with a password', shop({ replicas: ['http://u:p@a'] }), /^\/upstreams\/shop\/replicas\/0: is no/],
  ['half an IPv6 address', shop({ replicas: ['http://[::1'] }), /^\/upstreams\/shop\/replicas\/0: is no/],
  ['a question of health in two lines', shop({ health: { path: '/a\r\nX: y' } }), /^\/upstreams\/shop\/health\/path: /],
  [
    'an upstream of no name',
    written({ upstreams: { 'A B': config.upstreams.shop } }),
    /^\/upstreams: does not know A B/,
  ],
  ['a limit that no header can tell', limit('a"b'), /^\/limits\/l\/0\/name: /],
  ['a limit with a line break', limit('a\r\nb'), /^\/limits\/l\/0\/name: /],
  [
    'two limits of one name',
    written({ limits: { l: [A_LIMIT], m: [{ ...A_LIMIT }], n: [{ ...A_LIMIT, quota: 9 }] } }),
    /^\/limits\/n\/0\/name: is that of \/limits\/l\/0/,
  ],
  [
    'keys at no address',
    written({ authentication: { jwt: { jwks: 'http://' } } }),
    /^\/authentication\/jwt\/jwks: is no/,
  ],
  [
    'one key of two',
    written({ authentication: { apiKeys: [key, key] } }),
    /^\/authentication\/apiKeys\/1\/sha256: told/,
  ],
  ['a guard without a key', route({ access: 'user' }), /^\/routes\/0\/access: needs authentication/],
  [
    'access for whom nobody knows',
    route({ access: 'all' }),
    /^\/routes\/0\/access: must be one of "public", "user", "admin"/,
  ],
  [
    'an owner that the path does not name',
    route({ access: { owner: { parameter: 'x', claim: 'sub' } } }),
    /no parameter x/,
  ],
  ['a method that there is not', route({ method: 'FETCH' }), /^\/routes\/0\/method: must be one of "GET", /],
  ['a path of another kind', route({ path: '/a/:id/b*' }), /^\/routes\/0: .* not a path/],
  ['a parameter twice', route({ path: '/:id/:id' }), /^\/routes\/0: .* two parameters id/],
  ['a path that no request has', route({ path: '/a/../b' }), /^\/routes\/0: .* dot segments/],
  ['a service that there is not', route({ upstream: 'none' }), /^\/routes\/0: .* unknown upstream none/],
  ['a limit that there is not', route({ limit: 'none' }), /^\/routes\/0: .* unknown limit none/],
  [
    'a parameter of another path',
    route({ rewrite: '/b/:other' }),
    /^\/routes\/0: .* rewrite: the path has no parameter other/,
  ],
  ['the rest of a path without one', route({ rewrite: '/b/*' }), /^\/routes\/0: .* rewrite: the path has no \*/],
  ['a query in a path', route({ rewrite: '/b?c' }), /^\/routes\/0: .* rewrite: a query is set by/],
  ['a fragment in a path', route({ rewrite: '/b#c' }), /^\/routes\/0: .* rewrite: a # is/],
  [
    'a part of another path',
    route({ joins: { as: 'a', parts: { b: { upstream: 'shop', path: '/:x' } } } }),
    /joins.parts.b: /,
  ],
  [
    'two parts of one name',
    route({ joins: { as: 'a', parts: { a: { upstream: 'shop', path: '/' } } } }),
    /joins: a is two/,
  ],
  [
    'a header of no name',
    route({ request: { headers: { set: { 'a b': '1' } } } }),
    /request.headers: "a b" is no name/,
  ],
  [
    'a header of two lines',
    route({ request: { headers: { set: { a: 'b\r\nc' } } } }),
    /^\/routes\/0\/request\/headers\/set\/a: /,
  ],
  [
    'a length of requests',
    route({ request: { headers: { set: { 'Content-Length': '5' } } } }),
    /request.headers: Content-L/,
  ],
  ['a host of requests', route({ request: { headers: { set: { host: 'b' } } } }), /request.headers: host is told by/],
  [
    'a framing of answers',
    route({ response: { headers: { set: { 'transfer-encoding': 'x' } } } }),
    /response.headers: tra/,
  ],
  ['an origin without a scheme', route({ cors: { origins: ['shop.example'] } }), /cors.origins: "shop.example" is no/],
  ['an origin with a path', route({ cors: { origins: ['https://shop.example/'] } }), /cors.origins: /],
  ['credentials for everybody', route({ cors: { origins: ['*'], credentials: true } }), /cors.credentials: /],
  [
    'a header of two lines for pages',
    route({ cors: { origins: ['*'], headers: ['a\r\nb'] } }),
    /cors: "a\\r\\nb" is no name/,
  ],
  ['a stream that is kept', route({ stream: true, cache: true }), /^\/routes\/0: .* cache: an endless answer/],
  [
    'a stream as a part',
    route({ stream: true, joins: { as: 'a', parts: { b: { upstream: 'shop', path: '/' } } } }),
    /joins: an endless answer/,
  ],
  ['fields of a stream', route({ stream: true, response: { fields: ['id'] } }), /response.fields: an endless/],
  ['a stream asked for twice', route({ stream: true, hedgeAfterMs: 9 }), /hedgeAfterMs: an endless/],
  ['a body of a 204', route({ fallback: { status: 204, body: {} } }), /^\/routes\/0: .* fallback: a 204 has no body/],
  ['a section twice', '{"listen":{"port":1},"routes":[],"listen":{"port":2}}', /^\/listen: told twice$/m],
  [
    'a policy twice, once in other letters',
    `{"routes":[{"a":"}"},{"x":{},"access":"user","acce\\u0073s":"public"}]}`,
    /^\/routes\/1\/access: told twice$/m,
  ],
  ['a second try after the end', route({ timeoutMs: 10, hedgeAfterMs: 20 }), /hedgeAfterMs: the time is over/],
];

for (const [what, text, told] of FAULTS) {
  test(`${what} is told, with its place and reason`, () => match(faultsIn(text).join('\n'), told));
}

test('faults of form and of meaning are told together, also those of one route', () => {
  const told = faultsIn(
    JSON.stringify({
      colour: 1,
      listen: { port: 'x', trustedProxies: ['balancer', 7, '10.0.0.0/99'], tls: { certFile: 5 } },
      upstreams: { shop: { replicas: ['ftp://a', 'http://a:99999', 'http://u:p@a'], health: 1 } },
      authentication: { jwt: 5, apiKeys: [key, { id: 'b' }, key] },
      limits: { l: [{ name: 'a"b', by: 'address', quota: 1, windowSeconds: 1 }, { name: 'b' }] },
      routes: [
        { method: 'FETCH', path: '/a/../b', upstream: 'none', limit: 'none', colour: 1, cors: { origins: [1] } },
        { method: 'GET', path: '/a', upstream: 'shop', access: 'user', rewrite: '/:x' },
        7,
        { method: 'GET', path: '/a', upstream: 'shop', access: 'public' },
      ],
    }),
  );
  const places = [
    '/: does not know colour',
    '/listen/port: must be integer',
    '/listen/trustedProxies/1: must be string',
    '/listen/tls: must have required properties keyFile',
    '/listen/tls/certFile: must be string',
    '/listen/trustedProxies/0: is no address',
    '/listen/trustedProxies/2: is no address',
    '/upstreams/shop/replicas/0: must match',
    '/upstreams/shop/health: must be object',
    '/upstreams/shop/replicas/1: is no address',
    '/upstreams/shop/replicas/2: is no address',
    '/authentication/jwt: must be object',
    '/authentication/apiKeys/1: must have required',
    '/authentication/apiKeys/2/sha256: told twice',
    '/limits/l/0/name: has a character',
    '/limits/l/1: must have required',
    '/routes/0/method: must be one of',
    '/routes/0: must have required properties access',
    '/routes/0: does not know colour',
    '/routes/0/cors/origins/0: must be string',
    '/routes/0: * /a/../b: the path has dot segments',
    '/routes/0: * /a/../b: unknown upstream none',
    '/routes/0: * /a/../b: unknown limit none',
    '/routes/1: GET /a: rewrite: the path has no parameter x',
    '/routes/2: must be object',
    '/routes/3: GET /a: told twice',
  ];
  const missing = places.filter((place) => !told.some((fault) => fault.startsWith(place)));
  deepStrictEqual([missing, told.length], [[], places.length], told.join('\n'));
});

test('a section twice is told with everything else', () => {
  deepStrictEqual(faultsIn('{"listen":{"port":"x"},"listen":{"port":"x"},"upstreams":{},"routes":[]}').slice(0, 2), [
    '/listen: told twice',
    '/listen/port: must be integer',
  ]);
});

test('what is right has no faults', () => {
  strictEqual(faultsIn(JSON.stringify(config)).length, 0);
  strictEqual(faultsIn(listen({ trustedProxies: ['10.0.0.0/8', '::1', 'fd00::/8'] })).length, 0);
  const cors = { origins: ['*', 'null', 'https://shop.example:8443', 'capacitor://localhost'], credentials: true };
  strictEqual(faultsIn(route({ fallback: { status: 204 }, upgrade: true, cache: true })).length, 0);
  strictEqual(faultsIn(route({ stream: true, compress: true, response: { headers: { remove: ['a'] } } })).length, 0);
  strictEqual(faultsIn(route({ cors, rewrite: '/b/:id', timeoutMs: 20, hedgeAfterMs: 10 })).length, 0);
});

test('a certificate that is not there is told with its place', () => {
  const faults = fileFaults(
    readConfig(listen({ tls: { certFile: 'no.pem', keyFile: 'config.ts' } })),
    '/none/gateway.json',
  );
  ok(faults.some(({ path, reason }) => path === '/listen/tls/certFile' && reason.startsWith('cannot be read')));
});
