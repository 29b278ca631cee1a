import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { systemTimers, type Timers } from '@ashlar/domain';
import { createTracing, SpanRecorder } from '@ashlar/telemetry';
import { onPostgres, TemporaryDatabase, until } from './jobs.fixtures.ts';
import type { FailedAttempt } from './jobs.ts';

let database: TemporaryDatabase;
before(async () => {
  database = await TemporaryDatabase.create();
});
afterEach(() => database.stopJobs());
after(() => database.drop());

const withoutPolling: Timers = { ...systemTimers, every: () => () => {} };

test('a job is an effect: a transaction that has to have none, as in a rebuild, is refused', onPostgres, async () => {
  const { db } = database;
  const jobs = database.jobs({ timers: withoutPolling });
  const queue = jobs.queue<{ weight: number }>({ name: 'effects' }, async () => {});
  await jobs.start();
  const enqueue = (effects: 'refused' | 'allowed') =>
    db.transaction(() => queue.enqueue({ id: effects, data: { weight: 1 } }), { effects });
  await assert.rejects(enqueue('refused'), /jobs/);
  await enqueue('allowed');
});

test('a job begins right after the commit, without waiting for the next poll', onPostgres, async () => {
  const jobs = database.jobs({ timers: withoutPolling });
  const done: { id: string; data: object; attempt: number }[] = [];
  const bookings = jobs.queue<{ weight: number }>({ name: 'at-once' }, async (data, { id, attempt }) => {
    done.push({ data, id, attempt });
  });
  await jobs.start();
  await database.db.transaction(() => bookings.enqueue({ id: 'order-1', data: { weight: 2 } }));
  await bookings.enqueue({ id: 'order-2', data: { weight: 3 } });
  await until(() => done.length === 2);
  const first = done.find(({ id }) => id === 'order-1');
  assert.deepEqual(first, { data: { weight: 2 }, id: 'order-1', attempt: 1 });
});

const stateOf = async (queue: string): Promise<string | undefined> =>
  (await database.db.query<{ state: string }>('select state::text from jobs.job where name = $1', [queue]))[0]?.state;

test('a failed job is tried again until it succeeds, later and later', onPostgres, async () => {
  const failures: FailedAttempt[] = [];
  const recorder = new SpanRecorder();
  const tracing = createTracing({ service: 'test', recorder });
  const jobs = database.jobs({ tracing, onFailedAttempt: (failure) => failures.push(failure) });
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
  const runs = recorder.spansOf(recorder.recent(1)[0]!.traceId);
  assert.equal(new Set(runs.map(({ parentSpanId }) => parentSpanId)).size, 1);
  const [first, second, third] = runs.map(({ trace: { spanId }, links }) => ({ spanId, links }));
  assert.deepEqual(
    [first, second, third].map((run) => run?.links?.map(({ spanId }) => spanId)),
    [undefined, [first?.spanId], [second?.spanId]],
  );
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
