import { match, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { explain } from './explain.ts';

test('whoever has given an address at which there is no database is told what to do, in one line', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' });
  const denied = Object.assign(new Error('password authentication failed for user "x"'), { code: '28P01' });
  for (const error of [refused, denied]) {
    const lines = explain(error);
    strictEqual(lines.length, 1);
    match(lines[0]!, /^ashlar: the database at DATABASE_URL cannot be used \(.+\): start it, or correct the address/);
  }
});

test('whoever starts a system on a server without a free connection is told that, in one line', () => {
  const full = Object.assign(new Error('sorry, too many clients already'), { code: '53300' });
  const lines = explain(full);
  strictEqual(lines.length, 1);
  match(lines[0]!, /^ashlar: the database has no connection left \(.+\): raise its max_connections, .*fewer replicas/);
});
