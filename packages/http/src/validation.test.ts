import { deepStrictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import Type from 'typebox';
import { Currency, Id, OneOf, Time } from './schemas.ts';
import { aServer } from './server.fixtures.ts';

const config = { access: 'public' } as const;
const Body = Type.Object({ items: Type.Array(Type.Object({ productId: Id })), currency: Currency });
const Query = Type.Object({ status: Type.Optional(OneOf('open', 'closed')), asOf: Type.Optional(Time) });
const Plain = Type.Object({ code: Type.Optional(Type.String({ pattern: '^a+$' })) });

const server = await aServer(async (http) => {
  http.post('/things', { config, schema: { body: Body } }, async () => ({}));
  http.get('/things', { config, schema: { querystring: Query } }, async () => ({}));
  http.get('/plain', { config, schema: { querystring: Plain } }, async () => ({}));
});

test('a person is told in words what is wanted, not by a pattern', async () => {
  const payload = { items: [{ productId: 'SKU 7' }], currency: 'usd' };
  deepStrictEqual((await server.inject({ method: 'POST', url: '/things', payload })).json().errors, [
    { path: '/items/0/productId', message: 'must be a UUID in lower case' },
    { path: '/currency', message: 'must be an ISO 4217 code in capitals, such as USD' },
  ]);
  deepStrictEqual((await server.inject('/things?status=weird&asOf=yesterday')).json().errors, [
    { path: '?status', message: 'must be one of open, closed' },
    { path: '?asOf', message: 'must be a time such as 2026-01-31T12:00:00Z' },
  ]);
});

test('a pattern that says nothing of itself is told as it is', async () => {
  deepStrictEqual((await server.inject('/plain?code=b')).json().errors, [
    { path: '?code', message: 'must match pattern "^a+$"' },
  ]);
});
