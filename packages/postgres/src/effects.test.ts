import { deepStrictEqual, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { PostgresDatabase } from './database.ts';
import { databaseMissing, withTestDatabase } from './test-database.ts';
import type { WriteBuffer } from './transaction.ts';

const skip = databaseMissing;

class Letters implements WriteBuffer {
  readonly rank = 50;
  readonly name = 'letters';
  readonly isEffect = true;
  readonly mark = () => 0;
  readonly restore = () => {};
  readonly flush = () => [{ sql: 'insert into letters values (1)' }];
}

const withLetters = (work: (db: PostgresDatabase, write: () => Letters) => Promise<void>) =>
  withTestDatabase([{ name: 'test/001', sql: 'create table letters (n int)' }], async ({ url }) => {
    const db = new PostgresDatabase({ url });
    try {
      await work(db, () => db.buffer(Letters, () => new Letters()));
    } finally {
      await db.close();
    }
  });

test('a transaction that refuses effects takes none, however deep, but where one inside allows them', { skip }, () =>
  withLetters(async (db, write) => {
    const refused = { name: 'EffectRefusedError', message: /"letters"/ };
    await rejects(
      db.transaction(async () => write(), { effects: 'refused' }),
      refused,
    );
    await rejects(
      db.transaction(() => db.transaction(async () => write()), { effects: 'refused' }),
      refused,
    );
    await rejects(
      db.transaction(
        async () => {
          await db.transaction(async () => write(), { effects: 'allowed' });
          write();
        },
        { effects: 'refused' },
      ),
      refused,
    );
    deepStrictEqual(await db.query('select * from letters'), []);
    await db.transaction(() => db.transaction(async () => write(), { effects: 'allowed' }), { effects: 'refused' });
    deepStrictEqual(await db.query('select * from letters'), [{ n: 1 }]);
  }),
);
