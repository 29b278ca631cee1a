import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { bulkhead } from './bulkhead.ts';

/** Work that ends when it is told to. */
function held() {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  return { work: () => promise, end: () => resolve(), fail: () => reject(new Error('failed')) };
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

test('no more calls run at once than are allowed', async () => {
  const { policy, ...limits } = bulkhead({ name: 'carrier', concurrent: 2, queue: 10 });
  strictEqual(limits.running, 0);
  let running = 0;
  let most = 0;
  const work = async (): Promise<void> => {
    running += 1;
    most = Math.max(most, running);
    await settled();
    running -= 1;
  };
  await Promise.all(Array.from({ length: 12 }, () => policy(work)));
  strictEqual(most, 2);
});

test('past the queue a call is turned away at once', async () => {
  const limits = bulkhead({ name: 'carrier', concurrent: 1, queue: 1 });
  const first = held();
  const running = limits.policy(first.work);
  const waiting = limits.policy(async () => 'second');
  await rejects(
    limits.policy(async () => 'third'),
    { dependency: 'carrier', reason: 'overloaded' },
  );
  deepStrictEqual([limits.running, limits.waiting], [1, 1]);
  first.end();
  await running;
  strictEqual(await waiting, 'second');
  deepStrictEqual([limits.running, limits.waiting], [0, 0]);
});

test('who waits is served in turn', async () => {
  const { policy } = bulkhead({ name: 'carrier', concurrent: 1, queue: 10 });
  const served: number[] = [];
  await Promise.all([1, 2, 3, 4].map((turn) => policy(async () => void served.push(turn))));
  deepStrictEqual(served, [1, 2, 3, 4]);
});

test('a failed call gives its place back', async () => {
  const limits = bulkhead({ name: 'carrier', concurrent: 1, queue: 0 });
  const first = held();
  const running = limits.policy(first.work);
  first.fail();
  await rejects(running, { message: 'failed' });
  strictEqual(await limits.policy(async () => 'next'), 'next');
});

test('a caller who gives up leaves the queue and takes no place', async () => {
  const limits = bulkhead({ name: 'carrier', concurrent: 1, queue: 2 });
  const first = held();
  const caller = new AbortController();
  const running = limits.policy(first.work);
  const gone = rejects(
    limits.policy(async () => 'never', caller.signal),
    { message: 'no longer needed' },
  );
  const waiting = limits.policy(async () => 'served');
  caller.abort(new Error('no longer needed'));
  await gone;
  strictEqual(limits.waiting, 1);
  first.end();
  await running;
  strictEqual(await waiting, 'served');
  strictEqual(limits.running, 0);
});
