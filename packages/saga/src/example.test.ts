import { deepStrictEqual } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { databaseMissing, withTestDatabase } from '@ashlar/postgres';

test('the example runs and shows what it says', { skip: databaseMissing }, async () => {
  const example = fileURLToPath(new URL('../example/trip.ts', import.meta.url));
  await withTestDatabase([], async ({ url }) => {
    const env = { ...process.env, DATABASE_URL: url };
    const { stdout } = await promisify(execFile)(process.execPath, [example], { env });
    deepStrictEqual(stdout.trim().split('\n'), [
      'rome: book flight sent',
      'rome: book flight done',
      'rome: check budget sent',
      'rome: check budget done',
      'rome: take money sent',
      'rome: take money done',
      'rome: completed',
      'mars: book flight sent',
      'mars: book flight refused',
      'mars: undone, no_seat',
      'tahiti: book flight sent',
      'tahiti: book flight done',
      'tahiti: check budget sent',
      'tahiti: check budget refused',
      'tahiti: book flight compensating',
      'tahiti: book flight compensated',
      'tahiti: undone, over_budget',
    ]);
  });
});
