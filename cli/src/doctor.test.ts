import { rejects } from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
