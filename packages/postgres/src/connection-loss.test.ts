import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { aGate, aThing, useDatabase } from './database.fixtures.ts';
import { type DatabaseOptions, PostgresDatabase } from './database.ts';
import { isUnreachable, UnknownCommitError } from './errors.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.fixtures.ts';
import { databaseMissing, eventually } from './test-database.ts';

const skip = databaseMissing;
const database = useDatabase();
beforeEach(async () => {
  if (!skip) await database.clear();
});

async function throughProxy(
  work: (db: PostgresDatabase, proxy: TcpProxy) => Promise<void>,
  silence: DatabaseOptions['silence'] = {},
): Promise<void> {
  const proxy = await startTcpProxy(database.server.url);
  const db = new PostgresDatabase({ url: proxy.url, maxConnections: 2, silence });
  try {
    await work(db, proxy);
  } finally {
    await db.close();
    proxy.close();
  }
}

const unknown = (error: unknown) => error instanceof UnknownCommitError;

test('schedule 1.10: a commit whose answer is lost is unknown, and never just run again', { skip }, async () => {
  await throughProxy(async (db, proxy) => {
    let runs = 0;
    proxy.loseAnswerToCommit();
    const work = db.transaction(async () => {
      runs += 1;
      await db.query('select 1');
      await db.write(aThing('committed'));
    });
    await rejects(work, unknown);
    strictEqual(runs, 1);
  });
  await eventually('the server has committed', async () => (await database.things()).includes('committed'));
});

test('schedule 1.10: a commit that is lost on its way is as unknown', { skip }, async () => {
  await throughProxy(async (db, proxy) => {
    let told = 0;
    proxy.loseCommit();
    const work = db.transaction(async () => {
      await db.write(aThing('one'));
      await db.query('select 1');
      db.afterCommit(() => {
        told += 1;
      });
    });
    await rejects(work, unknown);
    strictEqual(told, 0);
    deepStrictEqual(await db.query('select 1 as one'), [{ one: 1 }], 'The pool has let go of the broken connection.');
  });
  deepStrictEqual(await database.things(), []);
});

test('what waits for a server of which nothing is heard ends, and what waits for a slow one does not', {
  skip,
}, async () => {
  const impatient = { patienceMs: 300, aliveWithinMs: 1_000 };
  await throughProxy(async (db, proxy) => {
    await db.query('select pg_sleep(1.5)');
    const inside = db.transaction(async () => {
      await db.query('select 1');
      proxy.cut();
      await db.query('select 2');
    });
    const [outcome] = await Promise.allSettled([inside]);
    ok(outcome.status === 'rejected' && isUnreachable(outcome.reason), String(outcome));
    proxy.mend();
    const commit = db.transaction(async () => {
      await db.query('select 1');
      await db.write(aThing('lost'));
      proxy.cut();
    });
    await rejects(commit, unknown);
    proxy.mend();
    deepStrictEqual(await db.query('select 1 as one'), [{ one: 1 }], 'The pool has let go of the broken connection.');
  }, impatient);
  deepStrictEqual(await database.things(), []);
});

test('a session that is ended in the middle of its COMMIT leaves the outcome unknown', { skip }, async () => {
  const { db } = database;
  await db.execute(`create or replace function stall() returns trigger language plpgsql as
    $$ begin perform pg_advisory_xact_lock(4711); return null; end $$`);
  await db.execute(`create constraint trigger stall after insert on things deferrable initially deferred
    for each row execute function stall()`);
  const gate = aGate();
  const held = aGate();
  const holder = db.transaction(async () => {
    await db.query('select pg_advisory_xact_lock(4711)');
    held.resolve();
    await gate.promise;
  });
  await held.promise;
  let runs = 0;
  const stalled = rejects(
    db.transaction(async () => {
      runs += 1;
      await db.write(aThing('stalled'));
      await db.query('select 1');
    }),
    unknown,
  );
  const waiting = `select pid from pg_stat_activity
    where datname = current_database() and query = 'commit' and wait_event = 'advisory'`;
  await eventually('the commit waits', async () => (await db.query(waiting)).length === 1);
  await db.query(`select pg_terminate_backend(pid) from (${waiting}) w`);
  await stalled;
  gate.resolve();
  await holder;
  await db.execute('drop trigger stall on things');
  strictEqual(runs, 1);
});

test('a session that is lost between two queries costs the transaction, not the process', { skip }, async () => {
  const errors: Error[] = [];
  await database.another(
    async (db) => {
      const work = db.transaction(async () => {
        const [mine] = await db.query<{ pid: number }>('select pg_backend_pid() as pid');
        await database.db.query('select pg_terminate_backend($1)', [mine?.pid]);
        await eventually('the loss is noticed', () => errors.length > 0);
        await db.write(aThing('lost'));
      });
      await rejects(work, (error) => unknown(error) || isUnreachable(error));
      deepStrictEqual(await db.query('select 1 as one'), [{ one: 1 }]);
    },
    { onError: (error) => errors.push(error) },
  );
  deepStrictEqual(await database.things(), []);
});

test('a database that went away is «unreachable», and the pool heals when it is back', { skip }, async () => {
  await database.another(async (db) => {
    await db.query('select 1');
    await database.server.admit(false);
    await rejects(db.query('select 1'));
    const refused = await db.query('select 1').catch((error: unknown) => error);
    ok(refused instanceof Error);
    await database.server.admit(true);
    await eventually('it answers again', () =>
      db.query('select 1').then(
        () => true,
        () => false,
      ),
    );
  });
});

test('a database that is closed lets those go first who wait for a connection', { skip }, async () => {
  const gate = aGate();
  const db = new PostgresDatabase({ url: database.server.url, maxConnections: 1 });
  const working = db.transaction(async () => {
    await db.query('select 1');
    await gate.promise;
  });
  const waiting = db.query('select 1 as one');
  const closed = db.close();
  gate.resolve();
  deepStrictEqual(await waiting, [{ one: 1 }]);
  await Promise.all([working, closed]);
});

test('a crash just before the commit leaves nothing', { skip }, async () => {
  await database.another(
    async (db) => {
      const work = db.transaction(async () => {
        await db.execute('insert into things (id) values ($1)', ['immediate']);
        await db.write(aThing('buffered'));
      });
      await rejects(work, /crash/);
    },
    {
      beforeCommit: () => {
        throw new Error('crash');
      },
    },
  );
  deepStrictEqual(await database.things(), []);
});

test('schedule 3.11: who stands still inside a transaction loses its session and its locks, and commits nothing', {
  skip,
}, async () => {
  const { db, server } = database;
  await db.write(aThing('contested'));
  const impatient = new URL(server.url);
  impatient.searchParams.set('options', '-c idle_in_transaction_session_timeout=200ms');
  await database.another(
    async (frozen) => {
      const [held, thawed] = [aGate(), aGate()];
      const work = frozen.transaction(async () => {
        await frozen.execute(`update things set version = 7 where id = 'contested'`);
        await frozen.write(aThing('too late'));
        held.resolve();
        await thawed.promise;
        await frozen.query('select 1');
      });
      await held.promise;
      const change = db.execute(`update things set version = version + 1 where id = 'contested'`);
      await change.finally(() => thawed.resolve());
      await rejects(work, isUnreachable);
      deepStrictEqual(await frozen.query('select 1 as one'), [{ one: 1 }]);
    },
    { url: impatient.href },
  );
  deepStrictEqual(await db.query('select id, version from things'), [{ id: 'contested', version: 2 }]);
});

test('a commit that finds no room on the disk has failed, and its outcome is known', { skip }, async () => {
  const fails = { sql: `do $$ begin raise exception 'no space left on device' using errcode = '53100'; end $$` };
  const work = database.db.transaction(() => database.db.write({ ...fails, values: [] }));
  await rejects(work, (error) => isUnreachable(error) && !unknown(error));
});

test('a session that ended because it had idled is a lost connection, not an answer', () => {
  const ended = (code: string) => Object.assign(new Error('The session has ended.'), { code });
  deepStrictEqual(
    ['25P03', '25P04', '57P01', '57P05', '08006'].map((code) => isUnreachable(ended(code))),
    [true, true, true, true, true],
  );
  deepStrictEqual(
    ['25P02', '40001', '55P03', '57014'].map((code) => isUnreachable(ended(code))),
    [false, false, false, false],
  );
});
