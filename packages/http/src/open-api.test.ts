import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { cursorQuery, EventsOf, IdParams, Nothing, OneOf, PageOf, Time } from './schemas.ts';
import { aServer, by } from './server.fixtures.ts';

const Thing = Type.Object({ id: Type.String(), kind: OneOf('cup', 'pan'), madeAt: Time }, { title: 'Thing' });

const things: FastifyPluginAsyncTypebox = async (http) => {
  const thing = { id: 'x', kind: 'cup', madeAt: new Date(0), secret: 'inside' } as const;
  http.post(
    '/things',
    {
      config: { access: 'admin', idempotent: true, refuses: { name_taken: 'conflict' } },
      schema: { body: Type.Object({ name: Type.String() }), response: { 201: Thing } },
    },
    async (_request, reply) => reply.code(201).send(thing),
  );
  http.get(
    '/things',
    { config: { access: 'public' }, schema: { querystring: cursorQuery({}), response: { 200: PageOf(Thing) } } },
    async () => ({ items: [thing], nextCursor: null }),
  );
  http.delete(
    '/things/:id',
    { config: { access: 'user' }, schema: { params: IdParams, response: { 204: Nothing } } },
    async (_request, reply) => reply.code(204).send(),
  );
  http.get(
    '/things/news',
    { config: { access: 'public' }, schema: { response: { 200: EventsOf(Thing) } } },
    async (_request, reply) => reply.send('data: {}\n\n'),
  );
  http.get('/undescribed', { config: { access: 'public' } }, async () => 'text');
};

// biome-ignore lint/suspicious/noExplicitAny: tests look into the whole document
const describe = async (): Promise<any> =>
  (await (await aServer(things, { openApi: { title: 'Things' } })).inject({ url: '/openapi.json' })).json();

test('the API is described in OpenAPI 3.1 from the schemas that check the requests', async () => {
  const { openapi, info, paths } = await describe();
  strictEqual(openapi, '3.1.0');
  deepStrictEqual([info.title, info.version], ['Things', '1.0.0']);
  deepStrictEqual(Object.keys(paths).sort(), ['/things', '/things/news', '/things/{id}', '/undescribed']);
  const { get, post } = paths['/things'];
  strictEqual(post.requestBody.content['application/json'].schema.additionalProperties, false);
  deepStrictEqual(post.security, [{ bearer: ['admin'] }]);
  deepStrictEqual(paths['/things/{id}'].delete.security, [{ bearer: [] }]);
  strictEqual(get.security, undefined);
  const named = (name: string) =>
    [get, post].map(({ parameters }) => parameters.some((one: { name: string }) => one.name === name));
  deepStrictEqual(named('Idempotency-Key'), [false, true]);
  deepStrictEqual(named('Consistency-Token'), [true, true]);
  const limit = get.parameters.find(({ name }: { name: string }) => name === 'limit');
  deepStrictEqual([limit.required, limit.schema.default], [false, 20]);
});

test('every answer is described: what it holds, and the codes of its problems', async () => {
  const { paths, components } = await describe();
  const { get, post } = paths['/things'];
  const reference = { $ref: '#/components/schemas/Thing' };
  deepStrictEqual(post.responses['201'].content['application/json'].schema, reference);
  deepStrictEqual(get.responses['200'].content['application/json'].schema.properties.items.items, reference);
  strictEqual(paths['/things/{id}'].delete.responses['204'].content, undefined);
  ok(paths['/things/news'].get.responses['200'].content['text/event-stream']);
  ok(paths['/undescribed'].get.responses['2XX']);
  const codes = (operation: typeof get, status: string) =>
    components.responses[operation.responses[status].$ref.split('/').at(-1)]['x-problem-codes'];
  deepStrictEqual(codes(post, '409'), ['idempotency_in_progress', 'name_taken']);
  deepStrictEqual(codes(post, '403'), ['forbidden']);
  deepStrictEqual(codes(get, '400'), ['bad_consistency_token', 'invalid_request', 'malformed_url']);
  strictEqual(get.responses['401'], undefined);
  const problem = components.responses.problem.content['application/problem+json'].schema;
  deepStrictEqual(problem, { $ref: '#/components/schemas/Problem' });
  ok(components.schemas.Problem.required.includes('code'));
});

test('an answer is written by the schema that describes it: what it does not tell of is not sent', async () => {
  const server = await aServer(things);
  const { items } = (await server.inject({ url: '/things' })).json();
  deepStrictEqual(items, [{ id: 'x', kind: 'cup', madeAt: '1970-01-01T00:00:00.000Z' }]);
  const made = await server.inject({ url: '/things', method: 'POST', headers: by('admin'), payload: { name: 'a' } });
  strictEqual(made.statusCode, 201);
  deepStrictEqual(made.json(), items[0]);
});

test('two schemas cannot have one name', async () => {
  const twins: FastifyPluginAsyncTypebox = async (http) => {
    const config = { access: 'public' } as const;
    const Other = Type.Object({ id: Type.Integer() }, { title: 'Thing' });
    http.get('/a', { config, schema: { response: { 200: Thing } } }, async () => ({
      id: 'x',
      kind: 'cup' as const,
      madeAt: '',
    }));
    http.get('/b', { config, schema: { response: { 200: Other } } }, async () => ({ id: 1 }));
  };
  const server = await aServer(twins);
  strictEqual((await server.inject({ url: '/openapi.json' })).statusCode, 500);
});
