import { deepStrictEqual } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { databaseMissing, withTestDatabase } from '@ashlar/postgres';

test('the example runs and shows what it says', { skip: databaseMissing }, async () => {
  await withTestDatabase([], async ({ url }) => {
    const example = fileURLToPath(new URL('../example/balances.ts', import.meta.url));
    const env = { ...process.env, DATABASE_URL: url };
    const { stdout } = await promisify(execFile)(process.execPath, [example], { env });
    deepStrictEqual(stdout.trim().split('\n'), [
      'taken in for the first time: 2',
      "[ { account: 'ada', amount: 10 }, { account: 'bob', amount: 5 } ]",
      'taken in for the first time: 1',
      "[ { account: 'ada', amount: 11 }, { account: 'bob', amount: 5 } ]",
      'live, 0 behind',
    ]);
  });
});
