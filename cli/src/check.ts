import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { findTests, root } from './test-run.ts';

const bin = (name: string) => join(root, 'node_modules', '.bin', name);
const architecture = findTests({ files: ['test/dist/architecture{,/**/*}.test.js'], only: [] });

/** What has to hold of the source itself, the quickest first. */
const CHECKS: Record<string, readonly string[]> = {
  types: [bin('tsc'), '-b'],
  'types of the template': [bin('tsc'), '-p', join(root, 'cli', 'templates')],
  'format and lint': [bin('biome'), 'ci', '--error-on-warnings'],
  'dead code': [bin('knip')],
  contracts: [join(root, 'cli', 'dist', 'main.js'), 'contracts', 'check'],
  doctor: [join(root, 'cli', 'dist', 'main.js'), 'doctor', root, '--fail-on', 'warning', '--no-history'],
  architecture: ['--test', '--test-reporter=spec', ...architecture],
};

function passes(name: string, command: readonly string[]): boolean {
  const began = performance.now();
  const isThere = name !== 'architecture' || architecture.length > 0;
  const ok = isThere && spawnSync(process.execPath, command, { cwd: root, stdio: 'inherit' }).status === 0;
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.error(
    `${ok ? '✔' : '✖'} ${name} (${seconds} s)${isThere ? '' : ': there are no tests in test/dist/architecture'}`,
  );
  return ok;
}

const results = Object.entries(CHECKS).map(([name, command]) => passes(name, command));
process.exitCode = results.every(Boolean) ? 0 : 1;
