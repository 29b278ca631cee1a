import { match, strictEqual } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

test('the example runs and shows what it says', async () => {
  const example = fileURLToPath(new URL('../example/one-trace.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [example]);
  const lines = stdout.trim().split('\n');
  const logged = JSON.parse(lines.find((line) => line.startsWith('{'))!) as Record<string, string>;
  const told = lines.find((line) => line.startsWith('tell'))!;
  match(told, /^tell the next one: 00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  strictEqual(told.includes(logged['traceId']!), true);
  strictEqual(logged['cardToken'], '[secret]');
});
