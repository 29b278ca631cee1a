import { deepStrictEqual, ok } from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { MUTANTS } from '../mutation/mutants.ts';
import { cellsOf, PAGE } from '../mutation/page.ts';

const root = resolve(import.meta.dirname, '..', '..', '..');

test('every mutant finds the line that it breaks, once, and those who have to notice', () => {
  ok(MUTANTS.length >= 40);
  const lost = MUTANTS.filter(({ file, find }) => readFileSync(join(root, file), 'utf8').split(find).length !== 2);
  deepStrictEqual(
    lost.map(({ what, file, find }) => ({ what, file, find })),
    [],
  );
  const detectors = MUTANTS.flatMap(({ by }) => (by.includes('.test.js') ? [by.split(':')[0]!] : []));
  deepStrictEqual(
    [...new Set(detectors)].filter((file) => !existsSync(join(root, file))),
    [],
  );
  deepStrictEqual(new Set(MUTANTS.map(({ what }) => what)).size, MUTANTS.length);
});

test('the page of the mutation proof tells of every mutant, that it was caught, and of no other', () => {
  const rows = readFileSync(PAGE, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| it is noticed'))
    .map((line) => line.slice(2, -2).split(' | '));
  deepStrictEqual(
    rows.map(([what, breaks, file, by]) => [what, breaks, file, by].join(' | ')),
    MUTANTS.map((mutant) => cellsOf(mutant).join(' | ')),
  );
  deepStrictEqual(
    rows.filter(([, , , , words = '', after = '']) => words === 'not caught' || !/\d s$/.test(after)),
    [],
  );
});
