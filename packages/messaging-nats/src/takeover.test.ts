import { deepStrictEqual, ok } from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { databaseMissing, eventually } from '@ashlar/postgres';
import { aNamespace, natsMissing, natsUrl } from './nats.fixtures.ts';
import { dropNatsNamespace } from './nats-bus.ts';
import { anOfficeDatabase, disorder, effectsIn, Office } from './office.fixtures.ts';

const skip = databaseMissing || natsMissing;
const CHILD = fileURLToPath(new URL('./office.child.js', import.meta.url));
const KEYS = 64;
const TAKEN_OVER_WITHIN_MS = 7_000;

/** Replicas in processes of their own, and one in this that only speaks. */
async function setUp(t: TestContext) {
  const database = await anOfficeDatabase();
  const namespace = aNamespace();
  const options = { databaseUrl: database.url, natsUrl, namespace };
  const speaker = await Office.open({ ...options, replica: 'office-0', isDeaf: true });
  const children: ChildProcess[] = [];
  t.after(async () => {
    for (const child of children) child.kill('SIGKILL');
    await speaker.close();
    await dropNatsNamespace({ url: natsUrl, namespace });
    await database.drop();
  });
  const start = async (replica: string): Promise<ChildProcess> => {
    const env = { ...process.env, OFFICE: JSON.stringify({ ...options, replica, workMs: 2 }) };
    const child = fork(CHILD, { env, stdio: 'inherit' });
    children.push(child);
    await once(child, 'message');
    return child;
  };
  const hold = async (replica: string) => {
    const rows = await speaker.db.query(
      `select 1 from leases where name like 'office.files %' and holder like $1 || '#%'
         and expires_at > clock_timestamp()`,
      [replica],
    );
    return rows.length;
  };
  const untilHandled = (to: number) =>
    eventually(`all are handled up to ${to}`, async () => (await effectsIn(speaker.db)).length >= KEYS * to);
  return { speaker, start, hold, untilHandled };
}

test('schedule 3.11: a frozen replica is replaced and harms nobody when it wakes, and so is one that is killed', {
  skip,
}, async (t) => {
  const { speaker, start, hold, untilHandled } = await setUp(t);
  const [one, two] = [await start('office-1'), await start('office-2')];
  const haveShares = async () =>
    deepEqual([await hold('office-0'), await hold('office-1'), await hold('office-2')], [0, 4, 4]);
  await eventually('each has its share', haveShares);
  await speaker.file(KEYS, { from: 1, to: 5 });
  await untilHandled(5);
  const workers = new Set((await effectsIn(speaker.db)).map(({ replica }) => replica));
  deepStrictEqual([...workers].toSorted(), ['office-1', 'office-2']);

  await speaker.file(KEYS, { from: 6, to: 10 });
  one.kill('SIGSTOP');
  const frozenAt = performance.now();
  await speaker.file(KEYS, { from: 11, to: 12 });
  await untilHandled(12);
  t.diagnostic(`after the freeze all was handled within ${(performance.now() - frozenAt).toFixed(0)} ms`);
  ok(performance.now() - frozenAt < TAKEN_OVER_WITHIN_MS);
  one.kill('SIGCONT');
  await eventually('each has its share again', haveShares);
  await speaker.file(KEYS, { from: 13, to: 15 });
  await untilHandled(15);

  await speaker.file(KEYS, { from: 16, to: 20 });
  two.kill('SIGKILL');
  const killedAt = performance.now();
  await speaker.file(KEYS, { from: 21, to: 22 });
  await untilHandled(22);
  t.diagnostic(`after the kill all was handled within ${(performance.now() - killedAt).toFixed(0)} ms`);
  ok(performance.now() - killedAt < TAKEN_OVER_WITHIN_MS);

  await speaker.file(KEYS, { from: 23, to: 25 });
  const three = await start('office-3');
  await untilHandled(25);
  await eventually('the new one has its share', async () => (await hold('office-3')) === 4);
  three.kill('SIGTERM');
  await speaker.file(KEYS, { from: 26, to: 28 });
  await untilHandled(28);
  deepStrictEqual(disorder(await effectsIn(speaker.db), KEYS, 28), []);
});

const deepEqual = (found: readonly number[], expected: readonly number[]): boolean => found.join() === expected.join();
