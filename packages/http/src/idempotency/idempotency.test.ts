import { deepStrictEqual, notStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { systemClock } from '@ashlar/domain';
import { type Database, databaseMissing, PostgresDatabase } from '@ashlar/postgres';
import { parseConsistencyToken } from '../consistency/consistency-token.ts';
import { useDatabase } from '../database.fixtures.ts';
import { aServer, by } from '../server.fixtures.ts';
import type { ServiceServer } from '../service-server.ts';
import { forgetCaller } from './answer-table.ts';
import { aThingServer, type ThingWorld } from './idempotency.fixtures.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const world: ThingWorld = { nowMs: systemClock.now().getTime(), runs: 0, entered: () => {}, gate: Promise.resolve() };
let db: Database;
let server: ServiceServer;

const database = useDatabase(async (made) => {
  db = made;
  server = await aThingServer(db, world);
});

beforeEach(() => {
  world.runs = 0;
});

const post = (
  key: string,
  body: object,
  { who = 'alice', path = '/things', ...more }: { who?: 'alice' | 'bob'; path?: string; repeated?: boolean } = {},
) => {
  const headers = by(who, { 'idempotency-key': key, ...(more.repeated && { 'x-ashlar-repeated': '1' }) });
  return server.inject({ method: 'POST', url: path, headers, payload: body });
};
const things = async (id: string) => (await db.query('select id from things where id = $1', [id])).length;

test('a POST with an Idempotency-Key replays its first answer, headers and all', {
  skip: databaseMissing,
}, async () => {
  await post('k0', { id: 't0' });
  const first = await post('k1', { id: 't1', extra: { a: 1, b: 2 } });
  const again = await post('k1', { extra: { b: 2, a: 1 }, id: 't1' });
  strictEqual(first.statusCode, 201);
  strictEqual(first.headers['idempotency-replayed'], undefined);
  strictEqual(again.statusCode, 201);
  strictEqual(again.headers['idempotency-replayed'], 'true');
  strictEqual(again.body, first.body);
  for (const name of ['location', 'etag', 'consistency-token', 'content-type'])
    strictEqual(again.headers[name], first.headers[name]);
  deepStrictEqual(parseConsistencyToken(String(again.headers['consistency-token'])).written, [
    { channel: 'thing.events', key: 't1', sequence: 1 },
  ]);
  strictEqual(world.runs, 2);
  strictEqual(await things('t1'), 1);
});

test('a POST with an Idempotency-Key with another body is refused', { skip: databaseMissing }, async () => {
  await post('k2', { id: 't2' });
  const other = await post('k2', { id: 't2b' });
  strictEqual(other.statusCode, 422);
  strictEqual(other.json().code, 'idempotency_key_reused');
  strictEqual(await things('t2b'), 0);
});

test('a request that does not fit its schema spends its key like any other refusal', {
  skip: databaseMissing,
}, async () => {
  for (const [key, path, id] of [
    ['k2c', '/things', 't2c'],
    ['k2d', '/things/1/closing', 't2d'],
  ] as const) {
    const first = await post(key, { nonsense: 1 }, { path });
    const again = await post(key, { nonsense: 1 }, { path });
    strictEqual(first.statusCode, 400);
    strictEqual(first.headers['idempotency-replayed'], undefined);
    strictEqual(again.statusCode, 400);
    strictEqual(again.headers['idempotency-replayed'], 'true');
    deepStrictEqual(again.json().errors, first.json().errors);
    strictEqual((await post(key, { id }, { path })).json().code, 'idempotency_key_reused');
    strictEqual(await things(id), 0);
  }
});

test('where no body is asked for, none and an empty object are the same body', { skip: databaseMissing }, async () => {
  const headers = by('alice', { 'idempotency-key': 'k2e' });
  const close = (more: { payload?: object; headers?: Record<string, string> } = {}) =>
    server.inject({ method: 'POST', url: '/things/1/closing', ...more, headers: { ...headers, ...more.headers } });
  strictEqual((await close()).statusCode, 204);
  for (const again of [
    await close({ payload: {} }),
    await close({ headers: { 'content-type': 'application/json' } }),
    await close(),
  ]) {
    deepStrictEqual([again.statusCode, again.headers['idempotency-replayed']], [204, 'true']);
  }
});

test('a POST with an Idempotency-Key counts per caller, and per path', { skip: databaseMissing }, async () => {
  const mine = await post('k3', { id: 't3' });
  const theirs = await post('k3', { id: 't3c' }, { who: 'bob' });
  strictEqual(mine.statusCode, 201);
  strictEqual(theirs.statusCode, 201);
  strictEqual((await post('k3', {}, { path: '/things/1/closing' })).headers['idempotency-replayed'], undefined);
  strictEqual((await post('k3', {}, { path: '/things/2/closing' })).headers['idempotency-replayed'], undefined);
  const replayed = await post('k3', {}, { path: '/things/2/closing' });
  strictEqual(replayed.headers['idempotency-replayed'], 'true');
  strictEqual(replayed.statusCode, 204);
  strictEqual(replayed.body, '');
});

test('schedule 6.1: a POST with an Idempotency-Key is told to wait its turn while the first one runs', {
  skip: databaseMissing,
}, async () => {
  const opened = Promise.withResolvers<void>();
  const inside = Promise.withResolvers<void>();
  world.gate = opened.promise;
  world.entered = inside.resolve;
  const first = post('k4', { id: 't4', how: 'wait' });
  await inside.promise;
  const repeated = post('k4', { id: 't4', how: 'wait' }, { repeated: true });
  const second = await post('k4', { id: 't4', how: 'wait' });
  strictEqual(second.statusCode, 409);
  strictEqual(second.json().code, 'idempotency_in_progress');
  opened.resolve();
  strictEqual((await repeated).headers['idempotency-replayed'], 'true', 'one that the gateway repeats waits for it');
  strictEqual((await first).statusCode, 201);
  strictEqual((await post('k4', { id: 't4', how: 'wait' })).headers['idempotency-replayed'], 'true');
});

test('schedule 6.1: a POST with an Idempotency-Key keeps and replays a refusal, without what the handler wrote', {
  skip: databaseMissing,
}, async () => {
  for (const [how, code] of [
    ['refuse', 'no_such_luck'],
    ['refuseAfterwards', 'after_all'],
    ['writeThenRefuse', 'too_late'],
    ['violateNow', 'thing_exists'],
    ['violateAtCommit', 'thing_exists'],
  ] as const) {
    world.runs = 0;
    const first = await post(`k5 ${how}`.replace(' ', '-'), { id: `t5 ${how}`, how });
    const again = await post(`k5-${how}`, { id: `t5 ${how}`, how });
    strictEqual(first.statusCode, 409, how);
    strictEqual(first.json().code, code);
    strictEqual(first.headers['idempotency-replayed'], undefined);
    strictEqual(again.headers['idempotency-replayed'], 'true', how);
    strictEqual(again.body, first.body);
    strictEqual(again.headers['content-type'], first.headers['content-type']);
    strictEqual(again.headers['consistency-token'], undefined);
    strictEqual(world.runs, 1);
    strictEqual(await things(`t5 ${how}`), 0);
    strictEqual(await things(`now t5 ${how}`), 0);
  }
});

test('schedule 6.1: a POST with an Idempotency-Key never keeps a failure of ours, nor a 401: the next try runs', {
  skip: databaseMissing,
}, async () => {
  for (const [how, status] of [
    ['fail', 500],
    ['away', 503],
    ['unauthenticated', 401],
  ] as const) {
    world.runs = 0;
    strictEqual((await post(`k6-${how}`, { id: `t6 ${how}`, how })).statusCode, status);
    const again = await post(`k6-${how}`, { id: `t6 ${how}`, how });
    strictEqual(again.headers['idempotency-replayed'], undefined);
    strictEqual(world.runs, 2, how);
    strictEqual(await things(`t6 ${how}`), 0);
  }
  world.runs = 0;
  strictEqual((await post('k6-answered', { id: 't6 answered', how: 'answerAway' })).statusCode, 503);
  strictEqual((await post('k6-answered', { id: 't6 answered again', how: 'answerAway' })).statusCode, 503);
  strictEqual(world.runs, 2, 'An answer of 503 is kept no more than an error.');
});

test('a POST that the gateway repeats waits for the first with its key, and for nothing else', {
  skip: databaseMissing,
}, async () => {
  for (const [how, status] of [
    ['fail', 500],
    ['away', 503],
  ] as const) {
    world.runs = 0;
    strictEqual((await post(`k13-${how}`, { id: `t13 ${how}`, how }, { repeated: true })).statusCode, status);
    strictEqual(world.runs, 1, how);
  }
});

test('a POST with an Idempotency-Key runs again after a lost race, and answers what the last run said', {
  skip: databaseMissing,
}, async () => {
  const response = await post('k7', { id: 't7', how: 'raceOnce' });
  deepStrictEqual(response.json(), { id: 't7', run: 2 });
  strictEqual((await post('k7', { id: 't7', how: 'raceOnce' })).body, response.body);
});

test('a POST with an Idempotency-Key answers nothing before its transaction is committed', {
  skip: databaseMissing,
}, async () => {
  const failing = new PostgresDatabase({
    url: database.url,
    beforeCommit: () => {
      throw new Error('the process died');
    },
  });
  const doomed = await aServer(
    async (http) => {
      http.post('/things', { config: { access: 'user', idempotent: true } }, async (_request, reply) =>
        reply.code(201).send({ made: true }),
      );
    },
    { db: failing },
  );
  const headers = by('alice', { 'idempotency-key': 'k8' });
  strictEqual((await doomed.inject({ method: 'POST', url: '/things', headers })).statusCode, 500);
  await doomed.close();
  await failing.close();
});

test('a POST with an Idempotency-Key counts for 24 hours, and its answer is deleted after that', {
  skip: databaseMissing,
}, async () => {
  await post('k9', { id: 't9' });
  world.nowMs += DAY - MINUTE;
  strictEqual((await post('k9', { id: 't9' })).headers['idempotency-replayed'], 'true');
  world.nowMs += 2 * MINUTE;
  const later = await post('k9', { id: 't9 later' });
  strictEqual(later.statusCode, 201);
  strictEqual((await post('k9', { id: 't9 later' })).headers['idempotency-replayed'], 'true');
});

test('a POST with an Idempotency-Key has a key of 1 to 255 visible ASCII characters', {
  skip: databaseMissing,
}, async () => {
  for (const key of ['', 'two words', 'x'.repeat(256), 'caf\u00e9']) {
    const response = await post(key, { id: 't10' });
    strictEqual(response.statusCode, 400, key);
    strictEqual(response.json().code, 'bad_idempotency_key');
  }
  strictEqual((await post('x'.repeat(255), { id: 't10' })).statusCode, 201);
});

test('a POST with an Idempotency-Key of someone without a token belongs to whom the route says', {
  skip: databaseMissing,
}, async () => {
  const signUp = (id: string) =>
    server.inject({ method: 'POST', url: '/people', headers: { 'idempotency-key': 'k11' }, payload: { id } });
  const first = await signUp('a@example.org');
  const other = await signUp('b@example.org');
  notStrictEqual(first.body, other.body);
  strictEqual((await signUp('a@example.org')).body, first.body);
});

test('a POST with an Idempotency-Key is forgotten with its caller', { skip: databaseMissing }, async () => {
  await post('k12', { id: 't12' }, { who: 'bob' });
  await forgetCaller(db, 'bob');
  deepStrictEqual(await db.query(`select 1 from idempotency_keys where caller = 'bob'`), []);
  ok((await db.query(`select 1 from idempotency_keys where caller = 'alice'`)).length > 0);
});

test('a POST with an Idempotency-Key is not wrapped on a public route that does not tell the caller', {
  skip: databaseMissing,
}, async () => {
  const route = aServer(async (http) => {
    http.post('/open', { config: { access: 'public', idempotent: true } }, async () => 'ok');
  });
  await rejects(route, /must be a function that tells the caller/);
});
