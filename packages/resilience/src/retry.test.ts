import { deepStrictEqual, fail, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { fullJitter, retry } from './retry.ts';
import { retryBudget } from './retry-budget.ts';
import { UnavailableError, type UnavailableReason } from './unavailable-error.ts';

const quick = { baseMs: 0, maxMs: 0 };

/** Fails with these reasons, one a time, and then answers. */
function failing(...reasons: UnavailableReason[]) {
  const calls = { count: 0 };
  const work = async (): Promise<string> => {
    const reason = reasons[calls.count];
    calls.count += 1;
    if (reason) throw new UnavailableError('cards', reason);
    return 'answered';
  };
  return { calls, work };
}

test('a transient failure is tried again', async () => {
  for (const reason of ['timeout', 'network', 'bad_answer', 'status'] as const) {
    const { calls, work } = failing(reason);
    strictEqual(await retry({ attempts: 2, ...quick })(work), 'answered');
    strictEqual(calls.count, 2, reason);
  }
});

test('what another attempt cannot help is not tried again', async () => {
  for (const reason of ['open', 'overloaded'] as const) {
    const { calls, work } = failing(reason);
    await rejects(retry({ attempts: 5, ...quick })(work), { reason });
    strictEqual(calls.count, 1, reason);
  }
});

test('an error that tells of no unavailability is not tried again', async () => {
  let count = 0;
  const work = async (): Promise<never> => {
    count += 1;
    throw new TypeError('a bug');
  };
  await rejects(retry({ attempts: 5, ...quick })(work), TypeError);
  strictEqual(count, 1);
});

test('the last attempt tells its own failure', async () => {
  const { calls, work } = failing('network', 'status', 'timeout', 'network');
  await rejects(retry({ attempts: 3, ...quick })(work), { reason: 'timeout' });
  strictEqual(calls.count, 3);
});

test('pauses grow, stay under their limit and are jittered over their whole length', () => {
  const options = { baseMs: 100, maxMs: 1000 };
  const pauses = [1, 2, 3, 4, 5, 6].map((attempt) => fullJitter(options, attempt, () => 0.5));
  deepStrictEqual(pauses, [50, 100, 200, 400, 500, 500]);
  strictEqual(
    fullJitter(options, 6, () => 0),
    0,
  );
});

test('with the budget spent a failure is told at once', async () => {
  const budget = retryBudget({ ratio: 0, minPerSecond: 1, now: () => 0 });
  const policy = retry({ attempts: 2, ...quick, budget });
  strictEqual(await policy(failing('network').work), 'answered');
  const { calls, work } = failing('network');
  await rejects(policy(work), { reason: 'network' });
  strictEqual(calls.count, 1);
});

test('a caller who gives up during a pause is not kept waiting', async () => {
  const caller = new AbortController();
  const onRetry = () => caller.abort(new Error('no longer needed'));
  const policy = retry({ attempts: 2, baseMs: 60_000, maxMs: 60_000, random: () => 0.99, onRetry });
  await rejects(policy(failing('network').work, caller.signal), { message: 'no longer needed' });
});

test('once the deadline has passed nothing of the budget is spent on it', async () => {
  const caller = new AbortController();
  const budget = { deposit: () => {}, withdraw: () => fail('the budget was asked') };
  const call = retry({ attempts: 2, ...quick, budget })(async (signal) => {
    caller.abort(new UnavailableError('cards', 'timeout'));
    throw signal.reason;
  }, caller.signal);
  await rejects(call, { reason: 'timeout' });
});
