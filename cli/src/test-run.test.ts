import { deepStrictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { findTests } from './test-run.ts';

test('a test is named by any part of its path, be it that of its source or of what runs', () => {
  const named = (...only: string[]) => findTests({ files: ['cli/dist/*.test.js'], only });
  const itself = ['cli/dist/test-run.test.js'];
  for (const part of ['test-run.test', 'cli/src/test-run', 'cli/src/test-run.test.ts', 'cli/dist/test-run.test.js']) {
    deepStrictEqual(named(part), itself);
  }
  deepStrictEqual(named('cli/src/nothing'), []);
});
