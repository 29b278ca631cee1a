import { strictEqual } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

test('the example runs and shows what it says', async () => {
  const example = fileURLToPath(new URL('../example/invoice.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [example]);
  strictEqual(stdout, 'total 3098 USD\nrefused: currency_mismatch (invalid)\n');
});
