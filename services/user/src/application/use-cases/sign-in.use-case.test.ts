import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { Session } from '../../domain/entities/session.entity.ts';
import { User } from '../../domain/entities/user.entity.ts';
import { SignInUseCase } from './sign-in.use-case.ts';

const noon = new Date('2026-01-01T12:00:00Z');
const alice = User.register(
  { id: 'u1', email: 'alice@b', name: 'A', role: 'customer', passwordHash: 'hash of secret' },
  noon,
);

function setUp(current: () => User | undefined = () => alice) {
  const opened: Session[] = [];
  const verified: (string | undefined)[] = [];
  const signIn = new SignInUseCase({
    users: {
      find: async () => current(),
      findByEmail: async (email) => (email === 'alice@b' ? alice : undefined),
      list: async () => [alice],
      countOtherAdministrators: async () => 0,
      save: async () => {},
      erase: async () => {},
    },
    sessions: {
      find: async () => undefined,
      findByToken: async () => undefined,
      save: async (session) => void opened.push(session),
      removeAllOf: async () => {},
      removeExpired: async () => 0,
    },
    passwords: {
      hash: async (password) => `hash of ${password}`,
      verify: async (password, hash) => {
        verified.push(hash);
        return hash === `hash of ${password}`;
      },
    },
    tokens: {
      accessToken: async ({ userId, role, sessionId }) => ({
        token: `${userId}, ${role}, in ${sessionId}`,
        expiresIn: 900,
      }),
      refreshToken: () => ({ token: 't1', tokenHash: 'hash of t1', expiresAt: noon }),
      hashOf: (token) => `hash of ${token}`,
    },
    ids: { next: () => 's1' },
  });
  return { signIn, opened, verified };
}

test('signing in opens a session; only the hash of its refresh token is kept', async () => {
  const { signIn, opened } = setUp();
  const pair = await signIn.execute({ email: ' ALICE@b', password: 'secret' });
  deepStrictEqual(pair, {
    accessToken: 'u1, customer, in s1',
    refreshToken: 't1',
    tokenType: 'Bearer',
    expiresIn: 900,
  });
  strictEqual(opened[0]?.state.tokenHash, 'hash of t1');
});

test('whose role has changed while the password was being checked gets the new one in the token', async () => {
  const { signIn } = setUp(() => User.restore({ ...alice.state, role: 'admin' }));
  strictEqual((await signIn.execute({ email: 'alice@b', password: 'secret' })).accessToken, 'u1, admin, in s1');
});

test('whose password has changed while it was being checked, or who has left, is not signed in', async () => {
  const changed = User.restore({ ...alice.state, passwordVersion: alice.state.passwordVersion + 1 });
  for (const current of [changed, undefined]) {
    const { signIn, opened } = setUp(() => current);
    await rejects(signIn.execute({ email: 'alice@b', password: 'secret' }), { code: 'invalid_credentials' });
    deepStrictEqual(opened, []);
  }
});

test('a wrong password and an unknown e-mail address get the same answer, after the same work', async () => {
  const { signIn, opened, verified } = setUp();
  const wrong = { code: 'invalid_credentials', message: 'The e-mail address or the password is wrong.' };
  await rejects(signIn.execute({ email: 'alice@b', password: 'guess' }), wrong);
  await rejects(signIn.execute({ email: 'bob@b', password: 'guess' }), wrong);
  deepStrictEqual(verified, ['hash of secret', undefined]);
  deepStrictEqual(opened, []);
});
