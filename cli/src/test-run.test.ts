import { deepStrictEqual, match } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { findTests, removeLeftovers, root } from './test-run.ts';

test('a test is named by any part of its path, be it that of its source or of what runs', () => {
  const named = (...only: string[]) => findTests({ files: ['cli/dist/*.test.js'], only });
  const itself = ['cli/dist/test-run.test.js'];
  for (const part of ['test-run.test', 'cli/src/test-run', 'cli/src/test-run.test.ts', 'cli/dist/test-run.test.js']) {
    deepStrictEqual(named(part), itself);
  }
  deepStrictEqual(named('cli/src/nothing'), []);
});

test('whoever asks how tests are run is told, and none is run', () => {
  for (const [program, usage] of Object.entries({ test: /^Usage: npm test/, soak: /^Usage: npm run soak/ })) {
    const { status, stdout } = spawnSync(process.execPath, [join(root, 'cli', 'dist', `${program}.js`), '--help'], {
      encoding: 'utf8',
    });
    deepStrictEqual(status, 0);
    match(stdout, usage);
  }
});

test('what a killed run has left is removed, and what one that runs, or anybody else, has made is not', (t) => {
  const parent = mkdtempSync(join(tmpdir(), 'ashlar-leftovers-'));
  t.after(() => rmSync(parent, { recursive: true }));
  const { pid: ended } = spawnSync(process.execPath, ['--version']);
  const [kept, gone] = [[`ashlar-test-${process.pid}-a`, 'ashlar-test-x', 'other-1-a'], `ashlar-test-${ended}-a`];
  for (const name of [...kept, gone]) mkdirSync(join(parent, name, 'inside'), { recursive: true });
  removeLeftovers(parent);
  deepStrictEqual(readdirSync(parent).sort(), kept.sort());
});
