import { deepStrictEqual } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

test('the example runs and shows what it says', async () => {
  const example = fileURLToPath(new URL('../example/card-processor.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [example]);
  deepStrictEqual(
    stdout.split('\n').filter((line) => line.startsWith('deposit')),
    [
      'deposit 1 201 {"status":"accepted"}',
      'deposit 2 202 {"status":"pending","reason":"status"}',
      'deposit 3 202 {"status":"pending","reason":"open"}',
      'deposit 4 202 {"status":"pending","reason":"open"}',
      'deposit 5 201 {"status":"accepted"}',
    ],
  );
});
