import { deepStrictEqual, ok } from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { NO_FAULTS } from '@ashlar/simulation';

const root = resolve(import.meta.dirname, '..', '..', '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

interface Row {
  readonly number: string;
  readonly cover: string;
}

const rows: readonly Row[] = [...read('docs/schedules.md').matchAll(/^\| (\d+\.\d+) \| .* \| (.*) \|$/gm)].map(
  ([, number = '', cover = '']) => ({ number, cover }),
);

test('every schedule has a row, and every row a test, a fault or a reason', () => {
  const perSection = Object.groupBy(rows, ({ number }) => number.split('.')[0]!);
  deepStrictEqual(
    Object.entries(perSection).map(([section, all = []]) => [section, all.length]),
    [
      ['1', 10],
      ['2', 6],
      ['3', 13],
      ['4', 6],
      ['5', 9],
      ['6', 3],
    ],
  );
  for (const [section, all = []] of Object.entries(perSection))
    deepStrictEqual(
      all.map(({ number }) => number),
      all.map((_, at) => `${section}.${at + 1}`),
    );
  for (const { number, cover } of rows) ok(cover.length > 40, number);
});

test('every fault that a schedule names is drawn by simulation', () => {
  const faults = rows.flatMap(({ cover }) => [...cover.matchAll(/fault `(\w+)`/g)].map(([, kind = '']) => kind));
  ok(faults.length >= 8);
  deepStrictEqual(
    faults.filter((kind) => !Object.keys(NO_FAULTS).includes(kind)),
    [],
  );
});

test('every test that is named after a schedule is of one that has a row', () => {
  const files = globSync('{packages,services,test}/**/src/**/*.test.ts', {
    cwd: root,
    exclude: ['**/node_modules/**', '**/dist/**'],
  });
  const numbers = files.flatMap((file) =>
    [...read(file).matchAll(/[`']schedule (\d+\.\d+): /g)].map(([, one]) => one!),
  );
  ok(numbers.length > 80, `${numbers.length} tests`);
  deepStrictEqual(
    [...new Set(numbers)].filter((number) => !rows.some((row) => row.number === number)),
    [],
  );
});
