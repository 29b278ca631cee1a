import { isSettable, isToken } from '../wire/headers.ts';
import type { CorsPolicy, ProxyRoute, Reshape, Route } from './route.ts';

/** What of a route's policies could never do what it says. */
export function policyFaults(route: Route): readonly string[] {
  const { access, cors } = route;
  const names = parametersIn(route.path);
  const owner = typeof access === 'object' ? access?.owner?.parameter : undefined;
  return [
    ...names.filter((name, at) => names.indexOf(name) !== at).map((name) => `the path has two parameters ${name}`),
    ...(/\/\.{1,2}(?:\/|$)/.test(route.path) ? ['the path has dot segments, which no request has'] : []),
    ...(owner !== undefined && !names.includes(owner) ? [`access: the path has no parameter ${owner}`] : []),
    ...(cors ? corsFaults(cors) : []),
    ...('upstream' in route ? proxyFaults(route, names) : []),
  ];
}

const parametersIn = (path: string): readonly string[] => [...path.matchAll(/:([a-zA-Z]+)/g)].map(([, name]) => name!);

function proxyFaults(route: ProxyRoute, names: readonly string[]): readonly string[] {
  const { path, rewrite, request, response, joins, fallback, timeoutMs, hedgeAfterMs } = route;
  const unknownIn = (text: string): readonly string[] => [
    ...parametersIn(text)
      .filter((name) => !names.includes(name))
      .map((name) => `the path has no parameter ${name}`),
    ...(text.includes('#') ? ['a # is no part of a request'] : []),
  ];
  const parts = Object.entries(joins?.parts ?? {});
  return [
    ...(rewrite === undefined ? [] : [...unknownIn(rewrite), ...restFaults(rewrite, path)].map(inPlace('rewrite'))),
    ...parts.flatMap(([name, part]) => unknownIn(part.path).map(inPlace(`joins.parts.${name}`))),
    ...(joins && Object.hasOwn(joins.parts, joins.as) ? [`joins: ${joins.as} is two parts of the answer`] : []),
    ...(route.stream ? streamFaults(route) : []),
    ...(fallback?.body !== undefined && BODILESS.includes(fallback.status ?? 200)
      ? [`fallback: a ${fallback.status} has no body`]
      : []),
    ...headerFaults(request?.headers, 'request'),
    ...headerFaults(response?.headers, 'response'),
    ...(hedgeAfterMs !== undefined && hedgeAfterMs >= (timeoutMs ?? Number.POSITIVE_INFINITY)
      ? ['hedgeAfterMs: the time is over by then (timeoutMs)']
      : []),
  ];
}

const BODILESS = [204, 205, 304];

/** What waits for the end of an answer, where there is none. */
const streamFaults = ({ cache, joins, response, hedgeAfterMs }: ProxyRoute): readonly string[] =>
  Object.entries({
    cache,
    joins,
    'response.fields': response?.fields,
    'response.body': response?.body,
    hedgeAfterMs,
  }).flatMap(([name, policy]) => (policy === undefined ? [] : [`${name}: an endless answer (stream) is never whole`]));

const inPlace =
  (place: string) =>
  (reason: string): string =>
    `${place}: ${reason}`;

const restFaults = (rewrite: string, path: string): readonly string[] => [
  ...(rewrite.includes('*') && !path.endsWith('*') ? ['the path has no * whose value could stand here'] : []),
  ...(rewrite.includes('?') ? ['a query is set by request.query'] : []),
];

function headerFaults({ set = {}, remove = [] }: Reshape = {}, of: 'request' | 'response'): readonly string[] {
  return [
    ...[...Object.keys(set), ...remove]
      .filter((name) => !isToken(name))
      .map((name) => `${JSON.stringify(name)} is no name`),
    ...Object.keys(set)
      .filter((name) => !isSettable(name, of))
      .map((name) => `${name} is told by the gateway itself`),
  ].map(inPlace(`${of}.headers`));
}

const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@]+$/;

function corsFaults({ origins, credentials, headers = [], exposes = [] }: CorsPolicy): readonly string[] {
  return [
    ...origins
      .filter((origin) => origin !== '*' && origin !== 'null' && !ORIGIN.test(origin))
      .map((origin) => `cors.origins: ${JSON.stringify(origin)} is no origin such as https://shop.example`),
    ...(credentials && origins.every((origin) => origin === '*')
      ? ['cors.credentials: only origins that are named get any, and none is']
      : []),
    ...[...headers, ...exposes]
      .filter((name) => !isToken(name))
      .map((name) => `cors: ${JSON.stringify(name)} is no name`),
  ];
}
