import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { HeaderList } from '../wire/header-list.ts';
import { faultsOf, type Route } from './route.ts';
import { Router } from './router.ts';

const route = (method: Route['method'], path: string): Route => ({ method, path, upstream: 'shop', access: 'public' });

const nothing = new HeaderList();

const router = new Router([
  route('GET', '/v1/users/me'),
  route('GET', '/v1/users/:id'),
  route('PATCH', '/v1/users/:userId'),
  route('GET', '/v1/users/me/:what/deep'),
  route('DELETE', '/v1/:kind/:id/x'),
]);

const found = (path: string) => {
  const match = router.find(path);
  return match && { pattern: match.endpoint.pattern, values: match.values };
};

test('a literal segment goes before a parameter', () => {
  deepStrictEqual(found('/v1/users/me'), { pattern: '/v1/users/me', values: [] });
  deepStrictEqual(found('/v1/users/42'), { pattern: '/v1/users/:id', values: ['42'] });
});

test('a literal that leads nowhere gives way to a parameter', () => {
  deepStrictEqual(found('/v1/users/me/x'), { pattern: '/v1/:kind/:id/x', values: ['users', 'me'] });
});

test('half a path, more than a path and an empty parameter are not found', () => {
  for (const path of ['/', '/v1', '/v1/users', '/v1/users/', '/v1/users/1/', '/v1/users/me/a', '/v1/users/1/2/3']) {
    strictEqual(found(path), undefined, path);
  }
});

test('the methods of one path are one endpoint, with HEAD beside GET', () => {
  const { allow, routeFor } = router.find('/v1/users/7')!.endpoint;
  strictEqual(allow, 'GET, HEAD, OPTIONS, PATCH');
  strictEqual(routeFor('HEAD', nothing), routeFor('GET', nothing));
  strictEqual(routeFor('PUT', nothing), undefined);
});

test('a table tells all its faults at once, a forgotten policy among them', () => {
  const forgotten = { method: 'GET', path: '/v1/a', upstream: 'shop' } as unknown as Route;
  const table: Route[] = [
    forgotten,
    { method: 'GET', path: 'v1/b', upstream: 'shop', access: 'user' },
    { method: 'GET', path: '/v1/c', upstream: 'shpo', access: 'user', limit: 'none' },
    route('GET', '/v1/d/:id'),
    route('GET', '/v1/d/:name'),
  ];
  deepStrictEqual(faultsOf(table, { upstreams: ['shop'], limits: ['default'] }), [
    'GET /v1/a: has no access policy',
    'GET v1/b: not a path',
    'GET /v1/c: unknown limit none',
    'GET /v1/c: unknown upstream shpo',
    'GET /v1/d/:name: told twice',
  ]);
});

test('the root is a path like others', () => {
  const root: Route = { ...route('GET', '/') };
  strictEqual(new Router([root]).find('/')?.endpoint.routeFor('GET', nothing), root);
  strictEqual(new Router([root]).find('/a'), undefined);
});

const versions = new Router([
  { ...route('GET', '/prices'), upstream: 'first' },
  { ...route('GET', '/prices'), upstream: 'second', version: { header: 'X-Api-Version', is: '2' } },
  { ...route('GET', '/prices'), upstream: 'third', version: { accepts: 'application/vnd.shop.v3+json' } },
  { ...route('GET', '/prices'), upstream: 'fourth', version: { accepts: 'application/vnd.shop.v4+json' } },
  { ...route('PUT', '/prices'), upstream: 'writing', version: { header: 'X-Api-Version', is: '2' } },
]);

test('a version is chosen by a header, or by the media type that the client likes best', () => {
  const { endpoint } = versions.find('/prices')!;
  const chosen = (fields: Record<string, string>, method = 'GET') => {
    const found = endpoint.routeFor(method, HeaderList.of(fields));
    return found && 'upstream' in found ? found.upstream : undefined;
  };
  deepStrictEqual([chosen({}), chosen({ accept: '*/*' }), chosen({ accept: 'text/html' })], Array(3).fill('first'));
  deepStrictEqual([chosen({ 'x-api-version': '2' }), chosen({ 'x-api-version': '2' }, 'HEAD')], ['second', 'second']);
  strictEqual(chosen({ 'x-api-version': '9' }), undefined);
  strictEqual(chosen({ accept: 'text/html, Application/vnd.shop.v3+json; q=0.5' }), 'third');
  const [v3, v4] = ['application/vnd.shop.v3+json', 'application/vnd.shop.v4+json'];
  strictEqual(chosen({ accept: `${v3};q=0.4, ${v4};q=0.9` }), 'fourth');
  strictEqual(chosen({ accept: `${v3}, ${v4}` }), 'third');
  strictEqual(chosen({ accept: `${v4};q=0` }), 'first');
  strictEqual(chosen({ 'x-api-version': '2', accept: v4 }), 'second');
  deepStrictEqual([chosen({ 'x-api-version': '2' }, 'PUT'), chosen({}, 'PUT')], ['writing', undefined]);
  deepStrictEqual([endpoint.has('PUT'), endpoint.has('POST')], [true, false]);
  strictEqual(endpoint.allow, 'GET, HEAD, OPTIONS, PUT');
});

test('versions of one call are not the same route told twice', () => {
  const known = { upstreams: ['shop'], limits: ['default'] };
  const version = { header: 'X-Api-Version', is: '2' };
  deepStrictEqual(faultsOf([route('GET', '/a'), { ...route('GET', '/a'), version }], known), []);
  const twice = [version, { header: 'x-api-version', is: '2' }].map((one) => ({ ...route('GET', '/a'), version: one }));
  deepStrictEqual(faultsOf(twice, known), ['GET /a (x-api-version: 2): told twice']);
});
