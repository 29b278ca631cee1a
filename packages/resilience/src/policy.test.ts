import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { compose, type Policy, untilAborted } from './policy.ts';

const told =
  (name: string, log: string[]): Policy =>
  async (work, signal = new AbortController().signal) => {
    log.push(`${name} before`);
    const result = await work(signal);
    log.push(`${name} after`);
    return result;
  };

test('policies are composed outside-in', async () => {
  const log: string[] = [];
  const policy = compose(told('outer', log), told('inner', log));
  strictEqual(await policy(async () => 'done'), 'done');
  deepStrictEqual(log, ['outer before', 'inner before', 'inner after', 'outer after']);
});

test('no policy at all just does the work', async () => {
  strictEqual(await compose()(async () => 7), 7);
});

test("the caller's signal reaches the work through every policy", async () => {
  const caller = new AbortController();
  const seen = await compose(told('outer', []), told('inner', []))(async (signal) => signal, caller.signal);
  caller.abort();
  strictEqual(seen.aborted, true);
});

test('work that ignores its signal is left behind', async () => {
  const caller = new AbortController();
  const abandoned = untilAborted(() => new Promise<never>(() => {}), caller.signal);
  caller.abort(new Error('enough'));
  await rejects(abandoned, { message: 'enough' });
});

test('work is not even begun once its signal is aborted', async () => {
  let begun = false;
  const work = async (): Promise<void> => {
    begun = true;
  };
  await rejects(untilAborted(work, AbortSignal.abort(new Error('gone'))), { message: 'gone' });
  strictEqual(begun, false);
});
