import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { DomainError, systemClock, UuidV7Ids } from '@ashlar/domain';
import { event, type Outbox, outgoing, PostgresOutbox } from '@ashlar/messaging';
import { type Database, databaseMissing } from '@ashlar/postgres';
import Type from 'typebox';
import { useDatabase } from '../database.fixtures.ts';
import { aServer, by } from '../server.fixtures.ts';
import type { ServiceServer } from '../service-server.ts';
import { AnswerTable } from './answer-table.ts';
import { answerOnce } from './idempotent-routes.ts';

let db: Database;
let server: ServiceServer;
let charges: string[] = [];
let refused = false;
let charge = async (_id: string): Promise<unknown> => undefined;
const DepositBegun = event('thing.DepositBegun.v1', Type.Object({}));
let outbox: Outbox;
const complete = (id: string) => db.write({ sql: `update things set note = 'completed' where id = $1`, values: [id] });
const status = async (id: string) => {
  const [row] = await db.query<{ note: string }>('select note from things where id = $1', [id]);
  return { id, status: row?.note };
};
const steps = (caller: string) => ({
  async start() {
    const id = `deposit ${charges.length} of ${caller}`;
    if (refused) throw new DomainError('account_closed', 'conflict', 'It is closed.');
    await db.write({ sql: `insert into things (id, owner, note) values ($1, $2, 'pending')`, values: [id, caller] });
    await outbox.add([outgoing(DepositBegun, id, {})]);
    return id;
  },
  async finish(id: string) {
    charges.push(id);
    if ((await charge(id)) !== 'unknown') await complete(id);
    return status(id);
  },
  replay: status,
  isInterim: (deposit: { status: string | undefined }) => deposit.status === 'pending',
});

useDatabase(async (made) => {
  db = made;
  outbox = new PostgresOutbox({ db, clock: systemClock, ids: new UuidV7Ids(), onCommitted: () => {} });
  server = await aServer(
    async (http) => {
      http.post('/deposits', { config: { access: 'user', idempotent: 'by-resource' } }, async (request, reply) => {
        const deposit = await answerOnce(request, steps(request.caller.id));
        return reply.code(deposit.status === 'completed' ? 201 : 202).send(deposit);
      });
    },
    { db },
  );
});

beforeEach(async () => {
  charges = [];
  refused = false;
  charge = async () => {};
  await db?.execute('delete from things');
});

const post = (key?: string) =>
  server.inject({ method: 'POST', url: '/deposits', headers: by('alice', key ? { 'idempotency-key': key } : {}) });

test('a POST with a call in the middle makes its call once for a key, and a replay tells how it stands now', {
  skip: databaseMissing,
}, async () => {
  const first = await post('d1');
  const again = await post('d1');
  strictEqual(first.statusCode, 201);
  deepStrictEqual(again.json(), first.json());
  strictEqual(first.headers['idempotency-replayed'], undefined);
  strictEqual(again.headers['idempotency-replayed'], 'true');
  ok(first.headers['consistency-token']);
  strictEqual(again.headers['consistency-token'], first.headers['consistency-token']);
  await db.execute(`update things set note = 'taken back' where id = $1`, [first.json().id]);
  strictEqual((await post('d1')).json().status, 'taken back');
  strictEqual(charges.length, 1);
});

test('schedule 6.1: a POST with a call in the middle is 409 for another with its key until the first is answered', {
  skip: databaseMissing,
}, async () => {
  const opened = Promise.withResolvers<void>();
  const inside = Promise.withResolvers<void>();
  charge = async () => {
    inside.resolve();
    await opened.promise;
  };
  const first = post('d2');
  await inside.promise;
  const second = await post('d2');
  strictEqual(second.statusCode, 409);
  strictEqual(second.json().code, 'idempotency_in_progress');
  opened.resolve();
  strictEqual((await first).statusCode, 201);
});

test('a POST with a call in the middle that died during its call is answered as pending, and is not called again', {
  skip: databaseMissing,
}, async () => {
  charge = async () => {
    throw new Error('the process died');
  };
  strictEqual((await post('d3')).statusCode, 500);
  const again = await post('d3');
  strictEqual(again.statusCode, 202);
  strictEqual(again.json().status, 'pending');
  strictEqual(charges.length, 1);
});

test('a POST with a call in the middle that was answered before its end is answered the same for ever', {
  skip: databaseMissing,
}, async () => {
  charge = async () => 'unknown';
  const first = await post('d5');
  deepStrictEqual([first.statusCode, first.json().status], [202, 'pending']);
  await complete(first.json().id);
  const again = await post('d5');
  deepStrictEqual([again.statusCode, again.json()], [202, first.json()]);
  strictEqual(again.headers['idempotency-replayed'], 'true');
  strictEqual(again.headers['consistency-token'], first.headers['consistency-token']);
  strictEqual(charges.length, 1);
});

test('a POST with a call in the middle that was refused before its call replays the refusal', {
  skip: databaseMissing,
}, async () => {
  refused = true;
  const first = await post('d4');
  refused = false;
  const again = await post('d4');
  strictEqual(first.statusCode, 409);
  strictEqual(first.json().code, 'account_closed');
  strictEqual(again.statusCode, 409);
  strictEqual(again.json().code, 'account_closed');
  strictEqual(again.headers['idempotency-replayed'], 'true');
  strictEqual(charges.length, 0);
});

test('a POST with a call in the middle runs the same steps without a key', {
  skip: databaseMissing,
}, async () => {
  strictEqual((await post()).statusCode, 201);
  strictEqual(charges.length, 1);
});

test('keys older than a day are purged', { skip: databaseMissing }, async () => {
  await post('d5');
  const before = await db.query('select 1 from idempotency_keys');
  const later = { now: () => new Date(systemClock.now().getTime() + 25 * 3_600_000) };
  strictEqual(await new AnswerTable(db, later).purge(), before.length);
  deepStrictEqual(await db.query('select 1 from idempotency_keys'), []);
});
