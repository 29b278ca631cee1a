import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { after, afterEach, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { systemTimers, type Timers } from '@ashlar/domain';
import { onPostgres, TemporaryDatabase, until } from './jobs.fixtures.ts';

let database: TemporaryDatabase;
before(async () => {
  database = await TemporaryDatabase.create();
});
afterEach(() => database.stopJobs());
after(() => database.drop());

const BEATS_BEFORE_ANYBODY_IS_DEAD = 4;

/** Polls and heartbeats that come when the test says so. */
function turnedByHand() {
  const works: (() => Promise<void>)[] = [];
  const timers: Timers = {
    ...systemTimers,
    every: (_ms, work) => {
      works.push(work);
      return () => {};
    },
  };
  return { timers, poll: () => works[0]!(), beat: () => works[1]!() };
}

const sql = (text: string) => database.db.execute(text);

const stateOf = async (queue: string): Promise<unknown> => {
  const [row] = await database.db.query('select state::text, retry_count from jobs.job where name = $1', [queue]);
  return row;
};

test(
  'after an outage everybody has the time to show up before his jobs are given to another',
  onPostgres,
  async (t) => {
    const file = fileURLToPath(new URL('./busy-process.fixtures.js', import.meta.url));
    const child = fork(file, [database.url, 'silenced']);
    t.after(() => child.kill('SIGKILL'));
    await once(child, 'message');
    const { timers, beat } = turnedByHand();
    const jobs = database.jobs({ timers });
    const begun: number[] = [];
    jobs.queue({ name: 'silenced' }, async (_data, { attempt }) => void begun.push(attempt));
    await jobs.start();
    child.kill('SIGSTOP');
    await database.outage(async () => {
      await assert.rejects(beat());
    });
    await sql(`update jobs.job set heartbeat_on = now() - interval '1 minute' where name = 'silenced'`);
    for (let beats = 0; beats < BEATS_BEFORE_ANYBODY_IS_DEAD; beats++) await beat();
    assert.deepEqual(await stateOf('silenced'), { state: 'active', retry_count: 0 });
    await beat();
    await until(() => begun.length === 1);
    assert.deepEqual(begun, [2]);
  },
);

test('a job that another process has taken over is told so, and its end is not written down', onPostgres, async () => {
  const { timers, beat } = turnedByHand();
  const jobs = database.jobs({ timers });
  let signal: AbortSignal | undefined;
  const goOn = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const queue = jobs.queue({ name: 'taken-over' }, async (_data, run) => {
    signal = run.signal;
    await goOn.promise;
    ended.resolve();
  });
  await jobs.start();
  await queue.enqueue({ id: 'order-1', data: {} });
  await until(() => signal !== undefined);
  await beat();
  assert.equal(signal!.aborted, false);
  await sql(`update jobs.job set retry_count = retry_count + 1 where name = 'taken-over'`);
  await beat();
  assert.match(String(signal!.reason), /taken over by another process/);
  goOn.resolve();
  await ended.promise;
  await jobs.stop();
  assert.deepEqual(await stateOf('taken-over'), { state: 'active', retry_count: 1 });
});

test('an attempt that was given up for dead is told so when its own process begins the next', onPostgres, async () => {
  const { timers, poll } = turnedByHand();
  const jobs = database.jobs({ timers });
  const runs: { readonly attempt: number; readonly signal: AbortSignal }[] = [];
  const queue = jobs.queue({ name: 'begun-anew' }, async (_data, { attempt, signal }) => {
    runs.push({ attempt, signal });
    if (attempt === 1) await once(signal, 'abort');
  });
  await jobs.start();
  await queue.enqueue({ id: 'order-1', data: {} });
  await until(() => runs.length === 1);
  await sql(`update jobs.job set state = 'retry', start_after = now(), heartbeat_on = null where name = 'begun-anew'`);
  await poll();
  await until(() => runs.length === 2);
  assert.match(String(runs[0]!.signal.reason), /given up for dead/);
  assert.deepEqual([runs[1]!.attempt, runs[1]!.signal.aborted], [2, false]);
  const completed = { state: 'completed', retry_count: 1 };
  await until(async () => JSON.stringify(await stateOf('begun-anew')) === JSON.stringify(completed));
});
