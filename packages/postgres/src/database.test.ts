import { deepStrictEqual, match, rejects, strictEqual, throws } from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { aGate, aThing, useDatabase } from './database.fixtures.ts';
import { databaseMissing } from './test-database.ts';

const skip = databaseMissing;
const database = useDatabase();
beforeEach(async () => {
  if (!skip) await database.clear();
});

const XID = 'select pg_backend_pid() || $1 || pg_current_xact_id()::text as xid';
const insert = (id: string) => database.db.execute('insert into things (id) values ($1)', [id]);

test('a nested call joins the transaction of the outer one', { skip }, async () => {
  const { db } = database;
  const seen = await db.transaction(async () => {
    const [outer] = await db.query(XID, ['/']);
    const [inner] = await db.transaction(() => db.query(XID, ['/']));
    await db.transaction(() => db.write(aThing('nested')));
    return [outer, inner];
  });
  deepStrictEqual(seen[0], seen[1]);
  deepStrictEqual(await database.things(), ['nested']);
});

test('parallel queries of one transaction share its connection and its fate', { skip }, async () => {
  const { db } = database;
  const seen = await db.transaction(() => Promise.all([1, 2, 3, 4, 5].map(() => db.query(XID, ['/']))));
  strictEqual(new Set(seen.map(([row]) => row?.['xid'])).size, 1);
  const failing = db.transaction(() => Promise.all([insert('a'), db.query('select 1/0'), insert('b')]));
  await rejects(failing, { code: '22012' });
  deepStrictEqual(await database.things(), []);
});

test('transactions that run at the same time do not see each other', { skip }, async () => {
  const { db } = database;
  const gate = aGate();
  const first = db.transaction(async () => {
    await insert('first');
    await gate.promise;
    return db.query('select id from things');
  });
  const second = db.transaction(async () => {
    await insert('second');
    return db.query('select id from things');
  });
  deepStrictEqual(await second, [{ id: 'second' }]);
  gate.resolve();
  strictEqual((await first).length, 2);
});

test('another database has nothing to do with the ambient transaction of this one', { skip }, async () => {
  await database.another(async (other) => {
    const work = database.db.transaction(async () => {
      strictEqual(other.inTransaction, false);
      await other.write(aThing('other'));
      throw new Error('no');
    });
    await rejects(work, /no/);
  });
  deepStrictEqual(await database.things(), ['other']);
});

test('a rolled-back outer call leaves nothing, whatever its nested calls have done', { skip }, async () => {
  const { db } = database;
  const work = db.transaction(async () => {
    await db.transaction(() => insert('immediate'));
    await db.transaction(() => db.write(aThing('buffered')));
    throw new Error('no');
  });
  await rejects(work, /no/);
  deepStrictEqual(await database.things(), []);
});

test('a query after the end of its transaction is refused, not run outside of it', { skip }, async () => {
  const { db } = database;
  const gate = aGate();
  let late: Promise<unknown> | undefined;
  await db.transaction(async () => {
    late = gate.promise.then(() => insert('late'));
  });
  gate.resolve();
  await rejects(late!, /has ended/);
  deepStrictEqual(await database.things(), []);
});

test('a write after the end of its transaction is refused, not forgotten', { skip }, async () => {
  const { db } = database;
  const gate = aGate();
  let late: Promise<unknown> | undefined;
  await db.transaction(async () => {
    late = gate.promise.then(() => db.write({ sql: `insert into things (id) values ('late')` }));
  });
  gate.resolve();
  await rejects(late!, /has ended/);
});

test('a first query that nobody waits for does not escape from a transaction that fails', { skip }, async () => {
  const { db } = database;
  let orphan: Promise<unknown> | undefined;
  const work = db.transaction(async () => {
    orphan = insert('orphan');
    orphan.catch(() => {});
    throw new Error('no');
  });
  await rejects(work, /no/);
  await rejects(orphan!, /has ended/);
  deepStrictEqual(await database.things(), []);
});

test('a first query that nobody waits for does not keep its connection for ever', { skip }, async () => {
  await database.another(
    async (db) => {
      await db.transaction(async () => {
        db.query('select 1').catch(() => {});
      });
      deepStrictEqual(await db.query('select 1 as one'), [{ one: 1 }]);
    },
    { maxConnections: 1 },
  );
});

test('a failed nested call takes back only what it had buffered', { skip }, async () => {
  const { db } = database;
  await db.transaction(async () => {
    await db.write(aThing('before'));
    await rejects(
      db.transaction(async () => {
        await db.write(aThing('within'));
        throw new Error('refused');
      }),
      /refused/,
    );
    await db.write(aThing('after'));
  });
  deepStrictEqual(await database.things(), ['after', 'before']);
});

test('an immediate write in a failed nested call dooms the outer one', { skip }, async () => {
  const { db } = database;
  const work = db.transaction(async () => {
    await db.write(aThing('outer'));
    await db
      .transaction(async () => {
        await insert('inner');
        throw new Error('refused');
      })
      .catch(() => {});
  });
  await rejects(work, /refused/);
  deepStrictEqual(await database.things(), []);
});

test('a failed query dooms its transaction, even if its error is swallowed', { skip }, async () => {
  const { db } = database;
  const work = db.transaction(async () => {
    await db.query('select 1/0').catch(() => {});
    await db.write(aThing('after the error'));
  });
  await rejects(work, { code: '22012' });
  deepStrictEqual(await database.things(), []);
});

test('schedule 1.8: a COMMIT that the database answers with ROLLBACK is an error', { skip }, async () => {
  const { db } = database;
  const told: string[] = [];
  const work = db.transaction(async () => {
    await insert('lost');
    db.afterCommit(() => told.push('committed'));
    db.query('select 1/0').catch(() => {});
  });
  await rejects(work);
  deepStrictEqual([told, await database.things()], [[], []]);
});

test('a buffer needs a transaction; a write without one is its own', { skip }, async () => {
  const { db } = database;
  throws(() => db.buffer({}, () => ({}) as never), /needs a transaction/);
  await db.write(aThing('alone'));
  await rejects(db.write(aThing('alone')), { code: '23505' });
  deepStrictEqual(await database.things(), ['alone']);
});

test('each text is prepared once for each connection, under the hash of the text', { skip }, async () => {
  const { db } = database;
  const names = await db.transaction(async () => {
    await db.query('select $1::int as twice', [1]);
    await db.query('select $1::int as twice', [2]);
    return db.query(`select name from pg_prepared_statements where statement = 'select $1::int as twice'`);
  });
  strictEqual(names.length, 1);
  match(String(names[0]?.['name']), /^[\w-]{27}$/);
});

test('what is told after the commit is told after it, once, and never of what was taken back', { skip }, async () => {
  const { db } = database;
  const told: string[] = [];
  await db.transaction(async () => {
    db.afterCommit(() => told.push('kept'));
    await db
      .transaction(async () => {
        db.afterCommit(() => told.push('taken back'));
        throw new Error('refused');
      })
      .catch(() => {});
    await db.write(aThing('kept'));
    deepStrictEqual(told, []);
  });
  await rejects(
    db.transaction(async () => {
      db.afterCommit(() => told.push('rolled back'));
      throw new Error('no');
    }),
  );
  deepStrictEqual(told, ['kept']);
});

test('a listener that fails after the commit neither hides it nor keeps the others from hearing of it', {
  skip,
}, async () => {
  const errors: Error[] = [];
  const told: string[] = [];
  await database.another(
    (db) =>
      db.transaction(async () => {
        await db.write(aThing('committed'));
        db.afterCommit(() => {
          throw new Error('listener');
        });
        db.afterCommit(() => told.push('second'));
      }),
    { onError: (error) => errors.push(error) },
  );
  deepStrictEqual([told, await database.things()], [['second'], ['committed']]);
  match(errors[0]!.message, /listener/);
});

test('a value that cannot be encoded fails its transaction as a whole', { skip }, async () => {
  const { db } = database;
  const endless: Record<string, unknown> = {};
  endless['self'] = endless;
  const work = db.transaction(async () => {
    await db.write(aThing('half'));
    await db.write({ sql: 'insert into things (id, state) values ($1, $2)', values: ['other half', endless] });
  });
  await rejects(work, TypeError);
  deepStrictEqual(await database.things(), []);
});

test('who waits for a connection is counted, and not who gets one at once', { skip }, async () => {
  await database.another(
    async (db) => {
      const twice = () => [1, 2].map(() => db.query('select 1'));
      await Promise.all(twice());
      const served = twice();
      strictEqual(db.connections.waiting, 0);
      const behind = db.query('select 1');
      strictEqual(db.connections.waiting, 1);
      await Promise.all([...served, behind]);
      strictEqual(db.connections.waiting, 0);
    },
    { maxConnections: 2 },
  );
});
