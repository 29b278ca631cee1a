import { deepStrictEqual, notStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { databaseMissing } from '@ashlar/postgres';
import { aToolShedService, IDS } from './tool-shed-service.fixtures.ts';

const service = aToolShedService();
const stored = { skip: databaseMissing };
const NOBODYS = '/v1/key-rings/01900000-0000-7000-8000-000000000000';
const told = (id: string) =>
  service.published.filter(({ key }) => key === id).map(({ type, data }) => ({ type, ...(data as object) }));
const codeOf = (answer: { statusCode: number; json(): { code: string } }) => [answer.statusCode, answer.json().code];

test('a new one is there under its address, and others are told of it without its name', stored, async () => {
  const response = await service.call('POST /v1/key-rings', { body: { name: ' Keys ' } });
  strictEqual(response.statusCode, 201);
  const created = response.json();
  const { id, createdAt, updatedAt, ...rest } = created;
  deepStrictEqual([response.headers['location'], response.headers['etag']], [`/v1/key-rings/${id}`, '"1"']);
  deepStrictEqual(rest, { ownerId: IDS.ann, name: 'Keys', status: 'active', version: 1 });
  strictEqual(createdAt, updatedAt);
  deepStrictEqual(told(id), [{ type: 'tool-shed.KeyRingCreated.v1', keyRingId: id, ownerId: IDS.ann, version: 1 }]);
  deepStrictEqual((await service.call(`GET /v1/key-rings/${id}`)).json(), created);
});

test('of an owner, a name is taken once, also by four requests at the same moment', stored, async () => {
  const ask = (n: number) =>
    service.call('POST /v1/key-rings', { body: { name: 'Once' }, headers: { 'idempotency-key': `race${n}` } });
  const race = await Promise.all([1, 2, 3, 4].map(ask));
  deepStrictEqual(race.map(({ statusCode }) => statusCode).sort(), [201, 409, 409, 409]);
  strictEqual(race.find(({ statusCode }) => statusCode === 409)?.json().code, 'name_taken');
  strictEqual((await service.create('Once', 'bob')).version, 1);
  const { id } = await service.create('Twice');
  deepStrictEqual(codeOf(await service.call(`PATCH /v1/key-rings/${id}`, { body: { name: 'Once' } })), [
    409,
    'name_taken',
  ]);
});

test('a key is answered once', stored, async () => {
  const request = { body: { name: 'Answered' }, headers: { 'idempotency-key': 'once' } };
  const first = await service.call('POST /v1/key-rings', request);
  const second = await service.call('POST /v1/key-rings', request);
  deepStrictEqual([second.statusCode, second.body, second.headers['idempotency-replayed']], [201, first.body, 'true']);
});

test('nobody but its owner and administrators sees or changes it', stored, async () => {
  const { id } = await service.create('Private');
  const body = { name: 'Public' };
  const calls = [
    [`GET /v1/key-rings/${id}`, {}],
    [`PATCH /v1/key-rings/${id}`, { body }],
    [`DELETE /v1/key-rings/${id}`, {}],
  ] as const;
  for (const [call, question] of calls) {
    strictEqual((await service.call(call, { ...question, by: 'nobody' })).statusCode, 401, call);
    deepStrictEqual(codeOf(await service.call(call, { ...question, by: 'bob' })), [403, 'forbidden'], call);
  }
  strictEqual((await service.call('POST /v1/key-rings', { body, by: 'nobody' })).statusCode, 401);
  strictEqual((await service.call('GET /v1/key-rings', { by: 'nobody' })).statusCode, 401);
  strictEqual((await service.call(`GET /v1/key-rings/${id}`, { by: 'admin' })).json().name, 'Private');
  strictEqual((await service.call(`GET ${NOBODYS}`)).json().code, 'key_ring_not_found');
});

test('what cannot be a name is refused', stored, async () => {
  const wrong = [{}, { name: '' }, { name: '  ' }, { name: 'x'.repeat(101) }, { name: 'a\nb' }, { name: 1 }];
  for (const body of [...wrong, { name: 'Fine', colour: 'red' }]) {
    strictEqual((await service.call('POST /v1/key-rings', { body })).statusCode, 400, JSON.stringify(body));
  }
  strictEqual((await service.call('POST /v1/key-rings', { body: { name: '🫖'.repeat(100) } })).statusCode, 201);
});

test('everybody lists their own page by page, the newest first, and administrators anybody’s', stored, async () => {
  for (const n of [1, 2, 3]) await service.create(`Number ${n}`, 'admin');
  const page = async (query: string, by: 'bob' | 'admin' = 'admin') => {
    const { items, nextCursor } = (await service.call(`GET /v1/key-rings?${query}`, { by })).json();
    return { names: items.map(({ name }: { name: string }) => name), nextCursor };
  };
  const first = await page('limit=2');
  deepStrictEqual(first.names, ['Number 3', 'Number 2']);
  deepStrictEqual(await page(`limit=2&cursor=${first.nextCursor}`), { names: ['Number 1'], nextCursor: null });
  deepStrictEqual((await page(`ownerId=${IDS.bob}`)).names, ['Once']);
  deepStrictEqual((await page(`ownerId=${IDS.admin}`, 'bob')).names, ['Once']);
  deepStrictEqual(codeOf(await service.call('GET /v1/key-rings?cursor=x')), [400, 'bad_cursor']);
});

test('a change is told with its version, and one that changes nothing is not', stored, async () => {
  const { id } = await service.create('Before');
  const patch = (body: object) => service.call(`PATCH /v1/key-rings/${id}`, { body });
  const changed = await patch({ name: 'After' });
  deepStrictEqual([changed.statusCode, changed.headers['etag'], changed.json().name], [200, '"2"', 'After']);
  strictEqual((await patch({ name: 'After' })).json().version, 2);
  deepStrictEqual(
    told(id).map(({ type }) => type),
    ['tool-shed.KeyRingCreated.v1', 'tool-shed.KeyRingChanged.v1'],
  );
  for (const body of [{}, { ownerId: IDS.bob }]) strictEqual((await patch(body)).statusCode, 400);
});

test('whoever knows an older version changes nothing', stored, async () => {
  const { id } = await service.create('Version 1');
  const late = { headers: { 'if-match': '"1"' } };
  const patch = (name: string) => service.call(`PATCH /v1/key-rings/${id}`, { ...late, body: { name } });
  strictEqual((await patch('Version 2')).statusCode, 200);
  deepStrictEqual(codeOf(await patch('Version 3')), [412, 'precondition_failed']);
  strictEqual((await service.call(`DELETE /v1/key-rings/${id}`, late)).statusCode, 412);
  strictEqual((await service.call(`GET /v1/key-rings/${id}`)).json().name, 'Version 2');
});

test('an archived one is read by id, is in no list but the archive, and stays as it is', stored, async () => {
  const { id } = await service.create('Old');
  for (const _ of [1, 2]) strictEqual((await service.call(`DELETE /v1/key-rings/${id}`)).statusCode, 204);
  deepStrictEqual(
    told(id).map(({ type }) => type),
    ['tool-shed.KeyRingCreated.v1', 'tool-shed.KeyRingArchived.v1'],
  );
  const listed = async (status: string) =>
    (await service.call(`GET /v1/key-rings?limit=100&status=${status}`))
      .json()
      .items.some((one: { id: string }) => one.id === id);
  deepStrictEqual([await listed('active'), await listed('archived')], [false, true]);
  deepStrictEqual(codeOf(await service.call(`PATCH /v1/key-rings/${id}`, { body: { name: 'New' } })), [
    409,
    'key_ring_archived',
  ]);
  notStrictEqual((await service.create('Old')).id, id);
});

test('a reader that knows the version gets 304', stored, async () => {
  const { id } = await service.create('Known');
  const headers = { 'if-none-match': '"1"' };
  const answer = await service.call(`GET /v1/key-rings/${id}`, { headers });
  deepStrictEqual([answer.statusCode, answer.body], [304, '']);
  await service.call(`PATCH /v1/key-rings/${id}`, { body: { name: 'Known again' } });
  strictEqual((await service.call(`GET /v1/key-rings/${id}`, { headers })).statusCode, 200);
});

test('what a user had, and what they were answered, is gone when they have left', stored, async () => {
  const request = { body: { name: 'Last' }, headers: { 'idempotency-key': 'last' }, by: 'bob' } as const;
  const { id } = (await service.call('POST /v1/key-rings', request)).json();
  await service.application.eraseOwner.execute({ userId: IDS.bob });
  strictEqual((await service.call(`GET /v1/key-rings/${id}`, { by: 'admin' })).statusCode, 404);
  deepStrictEqual((await service.call('GET /v1/key-rings', { by: 'bob' })).json().items, []);
  const again = await service.call('POST /v1/key-rings', request);
  deepStrictEqual(codeOf(again), [401, 'unauthenticated'], 'What is carried out after they have left is refused.');
  deepStrictEqual((await service.call('GET /v1/key-rings', { by: 'bob' })).json().items, []);
});
