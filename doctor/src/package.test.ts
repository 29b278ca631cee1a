import { deepStrictEqual, ok } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';

const doctor = resolve(import.meta.dirname, '..');

test('the package holds what it exports and what that loads, and neither tests nor the systems that they judge', () => {
  const pack = ['pack', '--dry-run', '--json', '--ignore-scripts', '--offline', '--silent'];
  const [packed] = JSON.parse(execFileSync('npm', pack, { cwd: doctor, encoding: 'utf8' })) as {
    files: { path: string }[];
  }[];
  const held = new Set(packed!.files.map(({ path }) => path));
  const { exports } = JSON.parse(readFileSync(join(doctor, 'package.json'), 'utf8')) as {
    exports: Record<string, Record<string, string>>;
  };
  const entries = Object.values(exports).flatMap((entry) => Object.values(entry).map((path) => path.slice(2)));
  deepStrictEqual(
    [...entries, 'README.md', 'schema/report.schema.json'].filter((path) => !held.has(path)),
    [],
  );
  const missing = [...held]
    .filter((path) => path.endsWith('.js'))
    .flatMap((path) =>
      [...readFileSync(join(doctor, path), 'utf8').matchAll(/ from '(\.[^']+)'/g)]
        .map(([, target]) => join(path, '..', target!))
        .filter((target) => existsSync(join(doctor, target)) && !held.has(target)),
    );
  deepStrictEqual(missing, []);
  ok(![...held].some((path) => /\.test\.|\.fixtures\.|^fixtures|^src/.test(path)));
});
