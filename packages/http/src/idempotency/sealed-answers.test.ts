import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { PersonalVault, PostgresPersonalKeys, sealStored } from '@ashlar/personal-data';
import { type Database, databaseMissing } from '@ashlar/postgres';
import Type from 'typebox';
import { useDatabase } from '../database.fixtures.ts';
import { aServer, by } from '../server.fixtures.ts';
import type { ServiceServer } from '../service-server.ts';
import { sealAnswers } from './seal-answers.ts';

const skip = databaseMissing;
let db: Database;
let vault: PersonalVault;
let server: ServiceServer;
let runs = 0;

const about = (answer: unknown) => (answer as { readonly owner?: string }).owner;

useDatabase(async (made) => {
  db = made;
  vault = new PersonalVault(new PostgresPersonalKeys(db));
  server = await aServer(
    async (http) => {
      const schema = { body: Type.Object({ owner: Type.String() }) };
      http.post('/homes', { config: { access: 'user', idempotent: true, about }, schema }, async (request, reply) => {
        const { owner } = request.body;
        return reply.code(201).header('location', '/homes/1').send({ owner, city: 'Springfield', run: ++runs });
      });
    },
    { db, vault },
  );
});

const post = (key: string, owner: string) =>
  server.inject({
    method: 'POST',
    url: '/homes',
    headers: by('alice', { 'idempotency-key': key }),
    payload: { owner },
  });

const kept = async () =>
  (await db.query<{ body: string; owner: string | null }>('select body, owner from idempotency_keys'))[0]!;

test('an answer with personal data is kept sealed, and replayed as it was', { skip }, async () => {
  const first = await post('k1', 'ada');
  const again = await post('k1', 'ada');
  deepStrictEqual([again.statusCode, again.body, again.headers['location']], [201, first.body, '/homes/1']);
  strictEqual(again.headers['idempotency-replayed'], 'true');
  const { body, owner } = await kept();
  deepStrictEqual([owner, body.includes('Springfield')], ['ada', false]);
});

test('an answer about somebody who has gone is forgotten: the request runs again', { skip }, async () => {
  const first = await post('k2', 'bob');
  await vault.erase('bob');
  const again = await post('k2', 'bob');
  deepStrictEqual(
    [again.statusCode, again.headers['idempotency-replayed'], again.json().run],
    [201, undefined, first.json().run + 1],
  );
  strictEqual((await post('k2', 'bob')).json().run, again.json().run + 1, 'Nothing is kept of who has gone.');
});

test('answers that were kept open are sealed once, forgotten of who has gone, and others stay', { skip }, async () => {
  await db.execute('delete from idempotency_keys');
  const keep = async (key: string, owner: string) => {
    await post(key, owner);
    const answer = JSON.stringify({ owner, city: 'Springfield', run: 0 });
    await db.execute('update idempotency_keys set body = $1, owner = null where owner = $2', [answer, owner]);
  };
  for (const [key, owner] of [
    ['k3', 'cid'],
    ['k4', 'dan'],
    ['k5', 'nobody'],
  ] as const) {
    await keep(key, owner);
  }
  await vault.erase('dan');
  const ownerOf = async (answer: unknown) => (about(answer) === 'nobody' ? undefined : about(answer));
  await sealStored(db, 'answers', sealAnswers(db, vault, ownerOf));
  const rows = await db.query<{ owner: string | null; open: boolean }>(
    `select owner, body like '%Springfield%' as open from idempotency_keys order by owner`,
  );
  deepStrictEqual(rows, [
    { owner: 'cid', open: false },
    { owner: null, open: true },
  ]);
  const again = await post('k3', 'cid');
  deepStrictEqual([again.headers['idempotency-replayed'], again.json().city], ['true', 'Springfield']);
});

test('a route that answers with personal data is refused where nothing seals them', { skip }, async () => {
  const route = { config: { access: 'user', idempotent: true, about } } as const;
  await rejects(
    aServer(async (http) => void http.post('/homes', route, async () => ({})), { db }),
    /nothing to seal them with/,
  );
});
