import { deepStrictEqual } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

test('the example runs and shows what it says', async () => {
  const example = fileURLToPath(new URL('../example/notes.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [example]);
  const errors = [
    { path: '/colour', message: 'is not a known field' },
    { path: '/text', message: 'must not have fewer than 1 characters' },
  ];
  deepStrictEqual(stdout.trim().split('\n'), [
    'made 201',
    'read 200 "1"',
    'again 304',
    `refused ${JSON.stringify({ status: 400, code: 'invalid_request', errors })}`,
    'stranger 401',
    'page 1',
    'ready 200',
  ]);
});
