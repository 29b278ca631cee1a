import { deepStrictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@ashlar/domain';
import { messagingMigrations } from '@ashlar/messaging';
import { databaseMissing as skip } from '@ashlar/postgres';
import { TripCount, useTestDatabase } from '@ashlar/postgres/contract-suites';
import { httpMigrations } from '../migrations.ts';
import { AnswerTable } from './answer-table.ts';

const useDatabase = useTestDatabase(async () => [...(await messagingMigrations()), ...(await httpMigrations())]);

const claim = { caller: 'ada', scope: Buffer.alloc(32, 1), fingerprint: Buffer.alloc(32, 2), isRepeated: false };
const answer = { status: 201, headers: {}, payload: { id: 'a' } };

test('a key is taken and looked up in one round trip, and whoever takes it next sees what was kept', {
  skip,
}, async (t) => {
  const trips = new TripCount();
  const db = (await useDatabase(t)).another({ roundTrips: trips });
  const table = new AnswerTable(db, systemClock);
  const first = () =>
    db.transaction(async () => {
      deepStrictEqual(await table.take(claim), { isTaken: true });
      table.keep(claim, { answer });
    });
  deepStrictEqual(await trips.of(first), 2, 'the key, and the answer with the commit');
  const { found } = await db.transaction(() => table.take(claim));
  deepStrictEqual(found, { kept: { answer: { ...answer, written: [] } }, sameBody: true });
});

test('a key that somebody else has is not taken, whatever was kept under it', { skip }, async (t) => {
  const { db, another } = await useDatabase(t);
  const [table, elsewhere] = [new AnswerTable(db, systemClock), another()];
  await db.transaction(async () => table.keep(claim, { answer }));
  await db.transaction(async () => {
    await table.take(claim);
    const theirs = await elsewhere.transaction(() => new AnswerTable(elsewhere, systemClock).take(claim));
    deepStrictEqual(theirs, { isTaken: false });
  });
});
