import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { Session } from '../../domain/entities/session.entity.ts';
import { User } from '../../domain/entities/user.entity.ts';
import { RefreshSessionUseCase } from './refresh-session.use-case.ts';

const noon = new Date('2026-01-01T12:00:00Z');
const tomorrow = new Date('2026-01-02T12:00:00Z');
const user = User.register({ id: 'u1', email: 'a@b', name: 'A', role: 'customer', passwordHash: 'h' }, noon);

/** A transaction that takes back what was saved in it when its work throws. */
function setUp() {
  let stored = Session.open(
    { id: 's1', userId: 'u1', passwordVersion: 1 },
    { tokenHash: 'hash of t0', expiresAt: tomorrow },
  ).state;
  const known = new Map([['hash of t0', 's1']]);
  let made = 0;
  const transactions = {
    async transaction<T>(work: () => Promise<T>): Promise<T> {
      const before = stored;
      return work().catch((error) => {
        stored = before;
        throw error;
      });
    },
  };
  const sessions = {
    find: async () => Session.restore(stored),
    findByToken: async (hash: string) => (known.has(hash) ? Session.restore(stored) : undefined),
    save: async ({ state }: Session) => {
      stored = state;
      known.set(state.tokenHash, state.id);
    },
    removeAllOf: async () => {},
    removeExpired: async () => 0,
  };
  const tokens = {
    accessToken: async ({ sessionId }: { sessionId: string }) => ({ token: `access to ${sessionId}`, expiresIn: 900 }),
    refreshToken: () => ({ token: `t${++made}`, tokenHash: `hash of t${made}`, expiresAt: tomorrow }),
    hashOf: (token: string) => `hash of ${token}`,
  };
  const users = { find: async () => user, findByEmail: async () => user, list: async () => [user] };
  const others = { countOtherAdministrators: async () => 0, save: async () => {}, erase: async () => {} };
  const ports = { users: { ...users, ...others }, sessions, tokens, clock: { now: () => noon } };
  return { refresh: new RefreshSessionUseCase(transactions, ports), state: () => stored };
}

test('a refresh token is traded for a new pair of the same session', async () => {
  const { refresh } = setUp();
  const pair = await refresh.execute('t0');
  deepStrictEqual(pair, { accessToken: 'access to s1', refreshToken: 't1', tokenType: 'Bearer', expiresIn: 900 });
  strictEqual((await refresh.execute('t1')).refreshToken, 't2');
});

test('the refusal of a spent token does not take back that its session has ended', async () => {
  const { refresh, state } = setUp();
  await refresh.execute('t0');
  await rejects(refresh.execute('t0'), { code: 'token_reused', fault: 'unauthenticated' });
  strictEqual(state().status, 'revoked');
  await rejects(refresh.execute('t1'), { code: 'invalid_refresh_token' });
});

test('a token that nobody has given out is just invalid', async () => {
  const { refresh, state } = setUp();
  await rejects(refresh.execute('forged'), { code: 'invalid_refresh_token' });
  strictEqual(state().status, 'open');
});
