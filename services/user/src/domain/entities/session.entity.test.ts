import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { Session } from './session.entity.ts';

const noon = new Date('2026-01-01T12:00:00Z');
const evening = new Date('2026-01-01T18:00:00Z');
const tomorrow = new Date('2026-01-02T12:00:00Z');
const now = { now: noon, passwordVersion: 1 };
const next = (tokenHash: string) => ({ tokenHash, expiresAt: tomorrow });
const aSession = () =>
  Session.open({ id: 's1', userId: 'u1', passwordVersion: 1 }, { tokenHash: 't1', expiresAt: evening });

test('each refresh token is good once, for the next one', () => {
  const session = aSession();
  deepStrictEqual(
    [session.refresh('t1', next('t2'), now), session.refresh('t2', next('t3'), now)],
    ['refreshed', 'refreshed'],
  );
  strictEqual(session.state.expiresAt, tomorrow.toISOString());
});

test('a spent token ends the session, for whoever holds the newest one too', () => {
  const session = aSession();
  session.refresh('t1', next('t2'), now);
  strictEqual(session.refresh('t1', next('t3'), now), 'reused');
  strictEqual(session.refresh('t2', next('t4'), now), 'invalid');
});

test('a token is good until it expires, until it is revoked, and until the password changes', () => {
  strictEqual(aSession().refresh('t1', next('t2'), { ...now, now: evening }), 'invalid');
  strictEqual(aSession().refresh('t1', next('t2'), { ...now, passwordVersion: 2 }), 'invalid');
  const revoked = aSession();
  revoked.revoke();
  strictEqual(revoked.refresh('t1', next('t2'), now), 'invalid');
});

test('the session in which the password was changed goes on', () => {
  const session = aSession();
  session.outlive(2);
  strictEqual(session.refresh('t1', next('t2'), { ...now, passwordVersion: 2 }), 'refreshed');
});
