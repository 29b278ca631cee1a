import { notStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { timeout } from './timeout.ts';

const never = () => new Promise<never>(() => {});

test('a call that takes too long ends with the reason timeout', async ({ mock }) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const call = timeout({ name: 'carrier', timeoutMs: 3000 })(never);
  const ended = rejects(call, { dependency: 'carrier', reason: 'timeout', code: 'dependency_unavailable' });
  mock.timers.tick(3000);
  await ended;
});

test('every call has a signal of its own: one time-out aborts no neighbour', async ({ mock }) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const policy = timeout({ name: 'carrier', timeoutMs: 100 });
  const signals: AbortSignal[] = [];
  const hang = (signal: AbortSignal) => {
    signals.push(signal);
    return never();
  };
  const first = rejects(policy(hang), { reason: 'timeout' });
  mock.timers.tick(60);
  const second = rejects(policy(hang), { reason: 'timeout' });
  mock.timers.tick(40);
  await first;
  notStrictEqual(signals[0], signals[1]);
  strictEqual(signals[0]?.aborted, true);
  strictEqual(signals[1]?.aborted, false);
  mock.timers.tick(60);
  await second;
});

test('a caller who gives up is not told of a timeout', async () => {
  const caller = new AbortController();
  const call = timeout({ name: 'carrier', timeoutMs: 10_000 })(never, caller.signal);
  caller.abort(new Error('no longer needed'));
  await rejects(call, { message: 'no longer needed' });
});

test('a call that answered leaves no timer and no listener behind', async ({ mock }) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  let seen: AbortSignal | undefined;
  await timeout({ name: 'carrier', timeoutMs: 100 })(async (signal) => {
    seen = signal;
  });
  mock.timers.tick(1000);
  strictEqual(seen?.aborted, false);
});
