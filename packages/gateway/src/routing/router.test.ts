import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { faultsOf, type Route } from './route.ts';
import { Router } from './router.ts';

const route = (method: Route['method'], path: string): Route => ({ method, path, upstream: 'shop', access: 'public' });

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
  const { allow, routes } = router.find('/v1/users/7')!.endpoint;
  strictEqual(allow, 'GET, HEAD, OPTIONS, PATCH');
  strictEqual(routes.get('HEAD'), routes.get('GET'));
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
