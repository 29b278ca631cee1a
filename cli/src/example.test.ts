import { deepStrictEqual, match } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

const example = (...args: readonly string[]) =>
  spawnSync(process.execPath, [join(root, 'cli', 'dist', 'example.js'), ...args], { encoding: 'utf8' });

test('the example of a package runs by its name', () => {
  const { status, stdout } = example('domain');
  deepStrictEqual([status, stdout], [0, 'total 3098 USD\nrefused: currency_mismatch (invalid)\n']);
});

test('a package without an example is told, with those that have one', () => {
  const { status, stderr } = example('nope');
  deepStrictEqual(status, 2);
  match(stderr, /^ashlar: there is no example of nope\. There are: cache, domain, /);
});

test('every package that has an example tells in its README how it is run', () => {
  const packages = globSync('packages/*/example/*.ts', { cwd: root }).map((file) => file.split('/')[1]!);
  const readme = (name: string) => readFileSync(join(root, 'packages', name, 'README.md'), 'utf8');
  const silent = packages.filter((name) => !readme(name).includes(`npm run example -- ${name}\``));
  deepStrictEqual(silent, ['simulation'], 'That of simulation is run by its test.');
});
