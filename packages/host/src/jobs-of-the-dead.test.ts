import { deepStrictEqual, ok } from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { systemTimers, type Timers } from '@ashlar/domain';
import type { JobQueue } from '@ashlar/jobs';
import { databaseMissing, eventually } from '@ashlar/postgres';
import { aDatabase, aHostedService, type Hosted, noting } from './host.fixtures.ts';

const skip = databaseMissing;

/** Nobody looks again: what is not found at the start is not found. */
const lookingOnce: Timers = { ...systemTimers, every: () => () => {} };

interface Booker extends Hosted {
  readonly bookings: JobQueue<object>;
  readonly attempts: readonly number[];
}

async function aBooker(t: TestContext, databaseUrl: string, replica: string): Promise<Booker> {
  const attempts: number[] = [];
  let bookings: JobQueue<object> | undefined;
  const hosted = await aHostedService(t, {
    ...{ databaseUrl, replica, timers: lookingOnce },
    create: (platform) => {
      const note = async (_: object, { attempt }: { attempt: number }) => void attempts.push(attempt);
      bookings = platform.jobs().queue({ name: 'bookings' }, note);
      return noting(async () => {})(platform);
    },
  });
  return { ...hosted, bookings: bookings!, attempts };
}

/** As a process leaves it that was killed at this moment, in the middle of its first run. */
const LEFT = `update jobs.job set state = 'active', started_on = now(), heartbeat_on = now(), start_after = now()`;
const NOW = `select state::text, clock_timestamp() - started_on < interval '4 s' as fresh from jobs.job`;

test('whoever starts and is alone goes on at once with the jobs of the one before', { skip }, async (t) => {
  const { url } = await aDatabase(t);
  const before = await aBooker(t, url, 'note-1');
  await before.running.begin();
  await before.bookings.enqueue({ id: 'order-1', data: {}, afterMs: 60_000 });
  await before.running.stop();
  const next = await aBooker(t, url, 'note-1');
  await next.platform.db.query(LEFT);
  await next.running.begin();
  await eventually('it runs again', () => next.attempts.length > 0);
  deepStrictEqual(next.attempts, [2]);
});

test('whoever starts beside another leaves the job at hand to it, until it has been silent', { skip }, async (t) => {
  const { url } = await aDatabase(t);
  const other = await aBooker(t, url, 'note-2');
  await other.running.begin();
  await other.bookings.enqueue({ id: 'order-1', data: {}, afterMs: 60_000 });
  const { running, platform } = await aBooker(t, url, 'note-1');
  await platform.db.query(LEFT);
  await running.begin();
  const [job] = await platform.db.query<{ state: string; fresh: boolean }>(NOW);
  ok(job!.state === 'active' || !job!.fresh, JSON.stringify(job));
});
