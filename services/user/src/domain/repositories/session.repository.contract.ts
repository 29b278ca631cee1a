import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { aggregateRules, contractSuite, type RepositoryStage, type Rules } from '@ashlar/postgres/contract-suites';
import { Session } from '../entities/session.entity.ts';
import type { SessionRepository } from './session.repository.interface.ts';

/** There are the users `ada` and `bob`. */
type Stage = RepositoryStage<SessionRepository>;

const soon = new Date('2026-01-02T00:00:00.000Z');
const now = new Date('2026-01-01T00:00:00.000Z');

const aSession = (id: string, { userId = 'ada', expiresAt = soon } = {}): Session =>
  Session.open({ id, userId, passwordVersion: 1 }, { tokenHash: `${id} 1`, expiresAt });

const sessionRules: Rules<Stage> = {
  'a session is found by every token that it has given out, spent or not': async ({ repository, elsewhere }) => {
    const session = aSession('a');
    await repository.save(session);
    const found = (await repository.find('a'))!;
    found.refresh('a 1', { tokenHash: 'a 2', expiresAt: soon }, { now, passwordVersion: 1 });
    await repository.save(found);
    for (const token of ['a 1', 'a 2']) strictEqual((await elsewhere.findByToken(token))?.state.tokenHash, 'a 2');
    strictEqual(await repository.findByToken('a 3'), undefined);
  },

  'a session belongs to a user': async ({ repository }) => {
    await rejects(repository.save(aSession('a', { userId: 'nobody' })), { code: '23503' });
  },

  'all sessions of a user are removed, but for the one that is kept': async ({ repository, transaction }) => {
    for (const id of ['a', 'b', 'c']) await repository.save(aSession(id));
    await repository.save(aSession('other', { userId: 'bob' }));
    const failing = transaction(async () => {
      await repository.removeAllOf('ada');
      throw new Error('refused');
    });
    await rejects(failing, /refused/);
    const left = async () => {
      const found = await Promise.all(['a', 'b', 'c', 'other'].map((id) => repository.find(id)));
      return found.flatMap((session) => session?.state.id ?? []);
    };
    deepStrictEqual(await left(), ['a', 'b', 'c', 'other']);
    await repository.removeAllOf('ada', { sessionId: 'b' });
    deepStrictEqual(await left(), ['b', 'other']);
    await repository.removeAllOf('ada');
    deepStrictEqual([await left(), await repository.findByToken('b 1')], [['other'], undefined]);
  },

  'a session that was removed is not brought back by who had loaded it': async ({
    repository,
    elsewhere,
    transaction,
  }) => {
    await repository.save(aSession('a'));
    const loaded = (await repository.find('a'))!;
    await elsewhere.removeAllOf('ada');
    loaded.revoke();
    await rejects(
      transaction(() => repository.save(loaded), { retries: 0 }),
      { name: 'ConcurrencyError' },
    );
    strictEqual(await repository.find('a'), undefined);
  },

  'those that have expired are removed, and counted': async ({ repository }) => {
    await repository.save(aSession('old', { expiresAt: now }));
    await repository.save(aSession('good'));
    deepStrictEqual([await repository.removeExpired(now), await repository.removeExpired(now)], [1, 0]);
    deepStrictEqual([await repository.find('old'), (await repository.find('good'))?.state.id], [undefined, 'good']);
  },
};

export const sessionRepositoryContract = contractSuite<Stage>(
  aggregateRules<Session, SessionRepository>({
    make: (id) => aSession(id),
    change: (session) => session.revoke(),
    find: (repository, id) => repository.find(id),
    tells: [],
  }),
  sessionRules,
);
