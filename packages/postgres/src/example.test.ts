import { deepStrictEqual } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { databaseMissing, withTestDatabase } from './test-database.ts';

test('the example runs and shows what it says', { skip: databaseMissing }, async () => {
  await withTestDatabase([], async ({ url }) => {
    const example = fileURLToPath(new URL('../example/transfer.ts', import.meta.url));
    const env = { ...process.env, DATABASE_URL: url };
    const { stdout } = await promisify(execFile)(process.execPath, [example], { env });
    deepStrictEqual(stdout.trim().split('\n'), [
      'Ada has only 1 coins.',
      'Ada 1',
      'Bob 5',
      'Cleo 4',
      'The purse was changed by someone else.',
    ]);
  });
});
