import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { PostgresDatabase } from './database.ts';
import { IdentityMap } from './identity-map.ts';

/** Nothing here asks a server. */
function setUp() {
  const db = new PostgresDatabase({ url: 'postgres://nobody@127.0.0.1:1/nothing' });
  return { db, known: new IdentityMap<number>(db) };
}

test('what a transaction has read once it still knows, and the next one does not', async () => {
  const { db, known } = setUp();
  await db.transaction(async () => {
    known.set('a', 1);
    deepStrictEqual([known.get('a'), known.get('b')], [1, undefined]);
    strictEqual(await db.transaction(async () => known.get('a')), 1);
  });
  await db.transaction(async () => strictEqual(known.get('a'), undefined));
});

test('a part of a transaction that fails takes back what it has noted', async () => {
  const { db, known } = setUp();
  await db.transaction(async () => {
    known.set('a', 1);
    const part = db.transaction(async () => {
      for (const [id, value] of [
        ['a', 2],
        ['a', undefined],
        ['b', 3],
      ] as const)
        known.set(id, value);
      throw new Error('refused');
    });
    await rejects(part, /refused/);
    deepStrictEqual([known.get('a'), known.get('b')], [1, undefined]);
  });
});

test('two transactions that run at once, and whoever is in none, know nothing of each other', async () => {
  const { db, known } = setUp();
  known.set('a', 0);
  const [noted, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const one = db.transaction(async () => {
    known.set('a', 1);
    noted.resolve();
    await gate.promise;
  });
  await noted.promise;
  const others = [known.get('a'), await db.transaction(async () => known.get('a'))];
  gate.resolve();
  await one;
  deepStrictEqual(others, [undefined, undefined]);
});
