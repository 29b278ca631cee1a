import { deepStrictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { Database } from '@ashlar/postgres';
import { ModelBuffer } from './model-buffer.ts';

/** As the database answers where the run 2 of a rebuild is under way. */
const query = async (sql: string) => (sql.includes('projection_rebuilds') ? [{ run: 2 }] : [{ version: 1, path: 'p' }]);

test('facts and numbers that were said for an earlier rebuild do not count for the one under way', async () => {
  const db = { query } as unknown as Database;
  const requestId = (run: number) => `prices ${run}`;
  const buffer = new ModelBuffer({ db, name: 'prices', version: 1, schema: 'rebuild prices', requestId });
  for (const run of [1, 2, 1]) buffer.note('2026-01-01T00:00:00.000Z', requestId(run));
  buffer.expect(requestId(2), 7);
  buffer.expect(requestId(1), 2);
  await buffer.prepare();
  deepStrictEqual(buffer.flush().at(-1)?.values, [2, 1, 7]);
});
