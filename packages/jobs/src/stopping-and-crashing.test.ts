import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { after, afterEach, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { systemTimers, type Timers } from '@ashlar/domain';
import { onPostgres, TemporaryDatabase, until } from './jobs.fixtures.ts';

let database: TemporaryDatabase;
before(async () => {
  database = await TemporaryDatabase.create();
});
const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await database.stopJobs();
});
after(() => database.drop());

const impatient: Timers = { ...systemTimers, once: (ms, work) => systemTimers.once(ms >= 10_000 ? 1 : ms, work) };

/** Another process, in the middle of the job `order-1` of this queue, for ever. */
async function busyProcess(queue: string): Promise<ChildProcess> {
  const child = fork(fileURLToPath(new URL('./busy-process.fixtures.js', import.meta.url)), [database.url, queue]);
  children.push(child);
  assert.deepEqual(await once(child, 'message'), ['begun', undefined]);
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

test('a job that outlives the stop is told so, and runs again at the next start, at once', onPostgres, async () => {
  const attempts: number[] = [];
  let aborted = false;
  const jobs = database.jobs({ timers: impatient });
  const bookings = jobs.queue({ name: 'endless' }, async (_data, { attempt, signal }) => {
    attempts.push(attempt);
    await once(signal, 'abort');
    aborted = true;
  });
  await jobs.start();
  await bookings.enqueue({ id: 'order-1', data: {} });
  await until(() => attempts.length === 1);
  await jobs.stop();
  await until(() => aborted);

  const next = database.jobs();
  next.queue({ name: 'endless' }, async (_data, { attempt }) => {
    attempts.push(attempt);
  });
  await next.start();
  await until(() => attempts.length === 2, 1_000);
  assert.deepEqual(attempts, [1, 2]);
});

test('the job of a killed process runs again within five seconds of the next start', onPostgres, async () => {
  await kill(await busyProcess('killed'));
  const attempts: number[] = [];
  const jobs = database.jobs();
  jobs.queue({ name: 'killed', retryEveryMs: 60_000 }, async (_data, { attempt }) => {
    attempts.push(attempt);
  });
  await jobs.start();
  await until(() => attempts.length === 1, 5_500);
  assert.deepEqual(attempts, [2]);
});

test('a replica takes over the long job of a process when that is killed, and not before', onPostgres, async () => {
  const child = await busyProcess('replicated');
  const attempts: number[] = [];
  const jobs = database.jobs();
  jobs.queue({ name: 'replicated' }, async (_data, { attempt }) => {
    attempts.push(attempt);
  });
  await jobs.start();
  const runFor = `select heartbeat_on - started_on > interval '6 s' as long from jobs.job where name = 'replicated'`;
  await until(async () => (await database.db.query<{ long: boolean }>(runFor))[0]!.long);
  assert.deepEqual(attempts, []);
  await kill(child);
  await until(() => attempts.length === 1, 6_000);
  assert.deepEqual(attempts, [2]);
});

test('an outage of the database loses no job, repeats none, and is reported once', onPostgres, async () => {
  const errors: Error[] = [];
  const done: string[] = [];
  const gate = Promise.withResolvers<void>();
  let polls = 0;
  let begun = false;
  const count = (work: () => Promise<void>) => async () => {
    polls++;
    await work();
  };
  const counting: Timers = {
    ...systemTimers,
    every(ms, work, onError) {
      return systemTimers.every(ms, count(work), onError);
    },
  };
  const jobs = database.jobs({ timers: counting, onError: (error) => errors.push(error) });
  const bookings = jobs.queue({ name: 'outage' }, async (_data, { id }) => {
    begun = true;
    if (id === 'before') await gate.promise;
    done.push(id);
  });
  await jobs.start();
  await bookings.enqueue({ id: 'before', data: {} });
  await until(() => begun);
  await database.outage(async () => {
    await until(() => errors.length > 0);
    gate.resolve();
    const pollsBefore = polls;
    await until(() => done.length === 1 && polls > pollsBefore + 5);
  });
  await bookings.enqueue({ id: 'after', data: {} });
  await until(() => done.length === 2);
  assert.deepEqual(done, ['before', 'after']);
  const completed = `select count(*) as jobs from jobs.job where name = 'outage' and state = 'completed'`;
  await until(async () => (await database.db.query<{ jobs: number }>(completed))[0]!.jobs === 2);
  assert.deepEqual(done, ['before', 'after']);
  assert.equal(new Set(errors.map((error) => error.message)).size, errors.length);
});
