import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { connectionsEach } from './connection-share.ts';
import { explain } from './explain.ts';

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
  strictEqual(connectionsEach(OFFERED, { replicas: 32, most: 8 }), 3);
});

test('more replicas than a server has room for are refused before anything is made, in one line', () => {
  const refused = (offered: number) => {
    try {
      return connectionsEach(offered, { replicas: 6, most: 10 });
    } catch (error) {
      return explain(error);
    }
  };
  strictEqual(refused(18), 3);
  const why = 'ashlar: the database has no connection left (it offers 17, and 6 replicas need 18): ';
  const advice = 'raise its max_connections, start fewer replicas, or stop others that use it.';
  deepStrictEqual(refused(17), [why + advice]);
});
