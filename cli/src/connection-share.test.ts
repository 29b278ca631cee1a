import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { connectionsEach } from './connection-share.ts';

/** What a server lets others than its superusers hold: PostgreSQL's own 100, less 3. */
const OFFERED = 97;
const JOBS_EACH = 3;

test('two systems share a server as it is installed, with room for those who look after it', () => {
  const each = connectionsEach(OFFERED, { replicas: 6, most: 10 });
  ok(2 * (6 * each + 2 * JOBS_EACH) <= OFFERED - 10, `${each} for each service`);
});

test('two replicas of every service fit on one as well', () => {
  ok(12 * connectionsEach(OFFERED, { replicas: 12, most: 8 }) + 4 * JOBS_EACH <= OFFERED);
});

test('a server with room gives each replica all that it can use, and no server less than it needs', () => {
  strictEqual(connectionsEach(500, { replicas: 6, most: 10 }), 10);
  deepStrictEqual(
    [OFFERED, 1].map((offered) => connectionsEach(offered, { replicas: 96, most: 8 })),
    [3, 3],
  );
});
