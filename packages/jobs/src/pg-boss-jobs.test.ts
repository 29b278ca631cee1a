import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { after, afterEach, before, test } from 'node:test';
import { systemTimers, type Timers } from '@ashlar/domain';
import { currentContext, runInContext } from '@ashlar/telemetry';
import { onPostgres, TemporaryDatabase, until } from './jobs.fixtures.ts';
import { type FailedAttempt, GiveUp } from './jobs.ts';

let database: TemporaryDatabase;
before(async () => {
  database = await TemporaryDatabase.create();
});
afterEach(() => database.stopJobs());
after(() => database.drop());

const withoutPolling: Timers = { ...systemTimers, every: () => () => {} };

const stored = async (queue: string) =>
  (
    await database.db.query<{ id: string }>(`select data->>'id' as id from jobs.job where name = $1 order by 1`, [
      queue,
    ])
  ).map((row) => row.id);

test('a job begins right after the commit, without waiting for the next poll', onPostgres, async () => {
  const jobs = database.jobs({ timers: withoutPolling });
  const done: object[] = [];
  const bookings = jobs.queue<{ weight: number }>({ name: 'at-once' }, async (data, { id, attempt }) => {
    done.push({ data, id, attempt });
  });
  await jobs.start();
  await database.db.transaction(() => bookings.enqueue({ id: 'order-1', data: { weight: 2 } }));
  await bookings.enqueue({ id: 'order-2', data: { weight: 3 } });
  await until(() => done.length === 2);
  assert.deepEqual(done[0], { data: { weight: 2 }, id: 'order-1', attempt: 1 });
});

test('a job of a transaction that rolls back never was', onPostgres, async () => {
  const jobs = database.jobs();
  const bookings = jobs.queue({ name: 'rolled-back' }, async () => {});
  await jobs.start();
  const failing = database.db.transaction(async () => {
    await bookings.enqueue({ id: 'order-1', data: {} });
    throw new Error('no');
  });
  await assert.rejects(failing, /no/);
  assert.deepEqual(await stored('rolled-back'), []);
});

test('a nested step that fails takes back its own jobs only', onPostgres, async () => {
  const jobs = database.jobs();
  const bookings = jobs.queue({ name: 'nested' }, async () => {});
  await jobs.start();
  await database.db.transaction(async () => {
    await bookings.enqueue({ id: 'kept', data: {} });
    const nested = database.db.transaction(async () => {
      await bookings.enqueue({ id: 'taken-back', data: {} });
      throw new Error('no');
    });
    await nested.catch(() => {});
  });
  assert.deepEqual(await stored('nested'), ['kept']);
});

test('the same id is one job while it is pending, and another one after its end', onPostgres, async () => {
  const jobs = database.jobs();
  const gate = Promise.withResolvers<void>();
  let done = 0;
  const bookings = jobs.queue({ name: 'once' }, async () => {
    await gate.promise;
    done++;
  });
  await jobs.start();
  await database.db.transaction(async () => {
    await bookings.enqueue({ id: 'order-1', data: {} });
    await bookings.enqueue({ id: 'order-1', data: {} });
  });
  await bookings.enqueue({ id: 'order-1', data: {} });
  assert.deepEqual(await stored('once'), ['order-1']);
  gate.resolve();
  await until(async () => (await stateOf('once')) === 'completed');
  await bookings.enqueue({ id: 'order-1', data: {} });
  await until(() => done === 2);
});

const stateOf = async (queue: string): Promise<string | undefined> =>
  (await database.db.query<{ state: string }>('select state::text from jobs.job where name = $1', [queue]))[0]?.state;

test('a failed job is tried again until it succeeds, later and later', onPostgres, async () => {
  const failures: FailedAttempt[] = [];
  const jobs = database.jobs({ onFailedAttempt: (failure) => failures.push(failure) });
  const attempts: number[] = [];
  const bookings = jobs.queue({ name: 'stubborn', retryAtMostEveryMs: 1_000 }, async (_data, { attempt }) => {
    attempts.push(attempt);
    if (attempt < 3) throw new Error('The carrier is away: \0 \ud800');
  });
  await jobs.start();
  await bookings.enqueue({ id: 'order-1', data: {} });
  await until(() => attempts.length === 3);
  assert.deepEqual(attempts, [1, 2, 3]);
  await until(async () => (await stateOf('stubborn')) === 'completed');
  assert.deepEqual(
    failures.map(({ id, attempt, givenUp }) => ({ id, attempt, givenUp })),
    [1, 2].map((attempt) => ({ id: 'order-1', attempt, givenUp: false })),
  );
});

test('a job that is given up is listed as failed, and not tried again', onPostgres, async () => {
  const jobs = database.jobs();
  let runs = 0;
  const bookings = jobs.queue({ name: 'hopeless' }, async () => {
    runs++;
    throw new GiveUp('No such address.');
  });
  await jobs.start();
  await bookings.enqueue({ id: 'order-1', data: { city: 'Nowhere' } });
  await until(async () => (await jobs.failed()).length === 1);
  const [{ failedAt, ...failed } = assert.fail()] = await jobs.failed();
  assert.deepEqual(failed, {
    queue: 'hopeless',
    id: 'order-1',
    data: { city: 'Nowhere' },
    error: 'No such address.',
    attempts: 1,
  });
  assert.ok(failedAt instanceof Date);
  assert.equal(runs, 1);
});

test('a slow job holds up nobody but itself', onPostgres, async () => {
  const jobs = database.jobs({ timers: withoutPolling });
  const slow = Promise.withResolvers<void>();
  const done: string[] = [];
  const bookings = jobs.queue({ name: 'uneven', concurrency: 2 }, async (_data, { id }) => {
    if (id === 'job-00') await slow.promise;
    done.push(id);
  });
  await jobs.start();
  await database.db.transaction(async () => {
    for (let i = 0; i < 20; i++) await bookings.enqueue({ id: `job-${String(i).padStart(2, '0')}`, data: {} });
  });
  await until(() => done.length === 19);
  assert.ok(!done.includes('job-00'));
  slow.resolve();
  await until(() => done.length === 20);
});

test('no more jobs run at a time than allowed, on no more than three connections', onPostgres, async () => {
  const jobs = database.jobs();
  let running = 0;
  let most = 0;
  let done = 0;
  const bookings = jobs.queue({ name: 'crowded', concurrency: 4 }, async () => {
    most = Math.max(most, ++running);
    await database.db.query('select pg_sleep(0.005)');
    running--;
    done++;
  });
  await jobs.start();
  await database.db.transaction(async () => {
    for (let i = 0; i < 200; i++) await bookings.enqueue({ id: `job-${i}`, data: {} });
  });
  await until(() => done === 200);
  assert.equal(most, 4);
  const rows = await database.db.query<{ connections: number }>(
    `select count(*) as connections from pg_stat_activity where datname = $1 and application_name = 'pgboss'`,
    [database.name],
  );
  assert.ok(rows[0]!.connections <= 3);
});

test('a rate-limited queue never begins more jobs in a second than it may', onPostgres, async () => {
  const jobs = database.jobs();
  const begun: number[] = [];
  const bookings = jobs.queue({ name: 'polite', perSecond: 5 }, async () => {
    begun.push(performance.now());
  });
  await jobs.start();
  await database.db.transaction(async () => {
    for (let i = 0; i < 12; i++) await bookings.enqueue({ id: `job-${i}`, data: {} });
  });
  await until(() => begun.length === 12);
  for (let i = 5; i < 12; i++) assert.ok(begun[i]! - begun[i - 5]! >= 990, `the ${i}th came too soon`);
});

test('a delayed job waits, the others pass it', onPostgres, async () => {
  const jobs = database.jobs();
  const begun: { id: string; at: number }[] = [];
  const bookings = jobs.queue({ name: 'delayed' }, async (_data, { id }) => {
    begun.push({ id, at: performance.now() });
  });
  await jobs.start();
  const enqueuedAt = performance.now();
  await bookings.enqueue({ id: 'later', data: {}, afterMs: 600 });
  await bookings.enqueue({ id: 'now', data: {} });
  await until(() => begun.length === 2);
  assert.deepEqual(
    begun.map(({ id }) => id),
    ['now', 'later'],
  );
  assert.ok(begun[1]!.at - enqueuedAt >= 600);
});

test('a job has the trace and correlation of whoever enqueued it, and nothing else of him', onPostgres, async () => {
  const jobs = database.jobs();
  const seen: object[] = [];
  const request = new AsyncLocalStorage<string>();
  const bookings = jobs.queue({ name: 'traced' }, async () => {
    const context = currentContext();
    seen.push({
      traceId: context?.trace.traceId,
      correlationId: context?.correlationId,
      request: request.getStore(),
    });
  });
  await jobs.start();
  const trace = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), sampled: true };
  await request.run('GET /', async () => {
    for (const id of ['order-1', 'order-2']) {
      await runInContext({ trace, correlationId: id }, () => bookings.enqueue({ id, data: {} }));
    }
  });
  await until(() => seen.length === 2);
  assert.deepEqual(
    seen,
    ['order-1', 'order-2'].map((correlationId) => ({ traceId: trace.traceId, correlationId, request: undefined })),
  );
});

test('the settings of a queue follow the code', onPostgres, async () => {
  for (const retryEveryMs of [1_000, 3_000]) {
    const jobs = database.jobs();
    jobs.queue({ name: 'changing', retryEveryMs }, async () => {});
    await jobs.start();
    const rows = await database.db.query(`select retry_delay from jobs.queue where name = 'changing'`);
    assert.deepEqual(rows, [{ retry_delay: retryEveryMs / 1_000 }]);
    await database.stopJobs();
  }
});
