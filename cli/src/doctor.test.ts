import { deepStrictEqual, rejects } from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { doctor } from './doctor.ts';
import { UsageError } from './settings.ts';

test('a report that cannot be written where it is wanted is a wrong call', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ashlar-doctor-'));
  const nowhere = join(folder, 'nowhere', 'report');
  const refused = (error: unknown): boolean => error instanceof UsageError && /cannot be written/.test(error.message);
  try {
    for (const option of ['--output', '--write-baseline']) await rejects(doctor([folder, option, nowhere]), refused);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const SHOP = resolve(import.meta.dirname, '..', '..', 'doctor', 'fixtures', 'express-shop');

test('a warning ends with exit code 1 where that is asked for, and only while it is new', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ashlar-doctor-'));
  const compose = join(folder, 'docker-compose.yml');
  const run = (...more: string[]) => doctor([folder, '--no-history', '--output', join(folder, 'report'), ...more]);
  try {
    cpSync(SHOP, folder, { recursive: true });
    deepStrictEqual(await run('--fail-on', 'warning'), 0);
    writeFileSync(compose, readFileSync(compose, 'utf8').replace('[orders-db, rabbitmq]', '[orders-db, catalog]'));
    deepStrictEqual([await run(), await run('--fail-on', 'warning')], [0, 1]);
    const baseline = join(folder, 'baseline.json');
    deepStrictEqual(await run('--write-baseline', baseline), 0);
    deepStrictEqual(await run('--fail-on', 'warning', '--baseline', baseline), 0);
    await rejects(run('--fail-on', 'hint'), /--fail-on must be one of error, warning/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('what is named by an empty text is not left out', async () => {
  for (const option of ['--traces', '--live', '--baseline', '--output', '--write-baseline'])
    await rejects(doctor([SHOP, option, '']), new RegExp(`${option} is empty`));
});

test('all files of traces are read, and not only the last', async () => {
  await rejects(doctor(['--traces', 'nowhere.json', '--traces', 'nor-there.json']), /no file of traces nowhere\.json/);
});

test('a baseline that is none is named, in one line', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ashlar-doctor-'));
  const baseline = join(folder, 'baseline.json');
  const refused = (error: unknown): boolean =>
    error instanceof UsageError &&
    error.faults.length === 1 &&
    error.message.startsWith(`${baseline} is no baseline: `);
  try {
    for (const text of ['one\ntwo', '{}', '[]']) {
      writeFileSync(baseline, text);
      await rejects(doctor([SHOP, '--no-history', '--baseline', baseline]), refused);
    }
    await rejects(doctor([SHOP, '--no-history', '--baseline', folder]), /is no baseline: it is a folder/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
