import { deepStrictEqual, ok, rejects, strictEqual, throws } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { Compile } from 'typebox/compile';
import { SandboxReport } from './index.ts';
import { aDirectory, aSandbox, customers, dollars } from './sandbox.fixtures.ts';

const keys = (count: number): string[] => Array.from({ length: count }, (_, index) => `d${index}`);

test('errors are answered before anything is done', async (t) => {
  const { sandbox, charge, book } = await aSandbox(t);
  sandbox.set({ cardProcessor: { mode: 'errors', rate: 1 }, carrier: { mode: 'errors', rate: 1 } });
  const statuses = [await charge('d1'), await charge('d1'), await book('o1'), await book('o1')];
  deepStrictEqual(
    statuses.map(({ status }) => status),
    [500, 503, 500, 503],
  );
  deepStrictEqual([sandbox.read().charges, sandbox.read().bookings], [[], []]);
});

test('a reset breaks every connection, and half of the charges have been made', async (t) => {
  const { sandbox, charge } = await aSandbox(t);
  sandbox.set({ cardProcessor: { mode: 'reset', rate: 1 } });
  for (const key of keys(10)) await rejects(charge(key), { name: 'TypeError', message: 'fetch failed' });
  strictEqual(sandbox.read().charges.length, 5);
});

test('garbage is a good status with no JSON, and half of the bookings have been made', async (t) => {
  const { sandbox, book } = await aSandbox(t);
  sandbox.set({ carrier: { mode: 'garbage', rate: 1 } });
  for (const key of keys(10)) await rejects(book(key), SyntaxError);
  const answer = await fetch(`${sandbox.carrierUrl}/bookings/d0`);
  strictEqual(answer.status, 200);
  strictEqual(sandbox.read().bookings.length, 5);
});

test('slow answers come late, and half of the charges have been made long before', async (t) => {
  const { sandbox, charge } = await aSandbox(t);
  sandbox.set({ cardProcessor: { mode: 'slow', rate: 1, delayMs: 1_000 } });
  const startedAt = performance.now();
  let answered = 0;
  const answers = Promise.all(keys(10).map((key) => charge(key).finally(() => void answered++)));
  while (sandbox.read().charges.length < 5) await new Promise((resolve) => setImmediate(resolve));
  strictEqual(answered, 0);
  strictEqual(sandbox.read().charges.length, 5);
  for (const { status } of await answers) strictEqual(status, 201);
  ok(performance.now() - startedAt >= 990);
  strictEqual(sandbox.read().charges.length, 10);
});

test('a struck charge that is asked for again is charged once', async (t) => {
  const { sandbox, charge } = await aSandbox(t);
  sandbox.set({ cardProcessor: { mode: 'reset', rate: 1 } });
  for (const key of keys(4)) await rejects(charge(key));
  sandbox.set({ cardProcessor: { mode: 'none', rate: 0 } });
  for (const key of keys(4)) strictEqual((await charge(key)).status, 201);
  deepStrictEqual(
    sandbox.read().charges.map(({ count }) => count),
    [1, 1, 1, 1],
  );
});

test('the fault of one part leaves the other one alone, and can be taken back', async (t) => {
  const { sandbox, charge, book } = await aSandbox(t);
  sandbox.set({ carrier: { mode: 'errors', rate: 1 } });
  strictEqual((await charge('d1')).status, 201);
  sandbox.set({ cardProcessor: { mode: 'errors', rate: 1 } });
  strictEqual((await book('o1')).status, 500);
  sandbox.set({ carrier: { mode: 'none', rate: 0 } });
  strictEqual((await book('o1')).status, 201);
  strictEqual(sandbox.read().cardProcessor.mode, 'errors');
});

test('what is no fault changes nothing', async (t) => {
  const { sandbox } = await aSandbox(t);
  const sulk = { cardProcessor: { mode: 'errors' }, carrier: { mode: 'sulk' } };
  throws(() => sandbox.set(sulk as never), TypeError);
  deepStrictEqual(sandbox.read().cardProcessor, { mode: 'none', rate: 0 });
});

test('the report has the newest 1,000 first and is what its schema says', async (t) => {
  const { sandbox, charge, book } = await aSandbox(t);
  for (const key of keys(1001)) await charge(key);
  await charge('declined', 'tok_declined');
  await book('o1');
  const report = sandbox.read();
  deepStrictEqual([report.charges.length, report.charges[0]?.idempotencyKey], [1000, 'd1000']);
  ok(Compile(SandboxReport).Check(report));
});

test('what was done is known after a restart, and faults are not', async (t) => {
  const directory = aDirectory(t);
  const first = await aSandbox(t, { directory });
  await first.charge('d1');
  await first.charge('d2', 'tok_declined');
  await first.cancel('o1');
  first.sandbox.set({ cardProcessor: { mode: 'errors', rate: 1 } });
  const before = first.sandbox.read();
  await first.sandbox.stop();

  const second = await aSandbox(t, { directory });
  deepStrictEqual(second.sandbox.read(), { ...before, cardProcessor: { mode: 'none', rate: 0 } });
  strictEqual((await second.charge('d1')).status, 201);
  strictEqual((await second.charge('d1', 'tok_visa', { ...dollars, amount: 1 })).status, 422);
  strictEqual((await second.charge('d2', 'tok_declined')).status, 402);
  strictEqual((await second.book('o1')).status, 409);
  strictEqual(second.sandbox.read().charges[0]?.count, 1);
});

test('kill -9: every charge that was answered is known afterwards, and none is made twice', async (t) => {
  const directory = aDirectory(t);
  const program = `
    import { startSandbox } from ${JSON.stringify(new URL('./index.js', import.meta.url).href)};
    const { cardProcessorUrl, carrierUrl } = await startSandbox({ directory: process.argv[1] });
    console.log(JSON.stringify({ cardProcessorUrl, carrierUrl }));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, directory], { stdio: 'pipe' });
  const exited = once(child, 'exit');
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const { charge } = customers(JSON.parse(line));

  const answered: string[] = [];
  const shop = async (customer: number): Promise<void> => {
    for (let n = 0; ; n += 1) {
      const key = `c${customer}-${n}`;
      const answer = await charge(key).catch(() => undefined);
      if (!answer) return;
      answered.push(key);
      if (answered.length === 100) child.kill('SIGKILL');
    }
  };
  await Promise.all([1, 2, 3, 4].map(shop));
  await exited;

  const { sandbox, charge: chargeAgain } = await aSandbox(t, { directory });
  const known = new Set(sandbox.read().charges.map(({ idempotencyKey }) => idempotencyKey));
  ok(answered.length >= 100);
  for (const key of answered) ok(known.has(key), key);
  for (const key of answered) await chargeAgain(key);
  ok(sandbox.read().charges.every(({ count }) => count === 1));
});

test('a sandbox that is stopped waits for no slow answer, and does nothing more', async (t) => {
  const { sandbox, charge, book } = await aSandbox(t);
  sandbox.set({ carrier: { mode: 'slow', rate: 1 } });
  const underway = Promise.allSettled([charge('d1', 'tok_slow'), book('o1'), book('o2')]);
  while (sandbox.read().bookings.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const startedAt = performance.now();
  await sandbox.stop();
  await underway;
  ok(performance.now() - startedAt < 5_000);
  deepStrictEqual([sandbox.read().charges.length, sandbox.read().bookings.length], [0, 1]);
});
