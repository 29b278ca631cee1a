import { deepStrictEqual } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { databaseMissing, withTestDatabase } from '@ashlar/postgres';
import { natsMissing, natsUrl } from './nats.fixtures.ts';

test('the example runs and shows what it says', { skip: databaseMissing || natsMissing }, async () => {
  await withTestDatabase([], async ({ url }) => {
    const example = fileURLToPath(new URL('../example/two-porters.ts', import.meta.url));
    const env = { ...process.env, DATABASE_URL: url, NATS_URL: natsUrl };
    const { stdout } = await promisify(execFile)(process.execPath, [example], { env });
    deepStrictEqual(stdout.trim().split('\n'), [
      'Partitions: 4 and 4.',
      '40 guests, each welcomed once, by both porters.',
      'One porter has left: the other welcomes everybody.',
    ]);
  });
});
