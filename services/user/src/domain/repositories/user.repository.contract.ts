import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { aggregateRules, contractSuite, type RepositoryStage, type Rules } from '@ashlar/postgres/contract-suites';
import { type Role, User } from '../entities/user.entity.ts';
import type { UserRepository } from './user.repository.interface.ts';

type Stage = RepositoryStage<UserRepository>;

const at = new Date('2026-01-01T00:00:00.000Z');

const aUser = (id: string, { email = `${id}@example.org`, role = 'customer' as Role } = {}): User =>
  User.register({ id, email, name: 'Ada', role, passwordHash: 'hash' }, at);

const idsOf = (users: readonly User[]): string[] => users.map(({ state }) => state.id);

const userRules: Rules<Stage> = {
  'an e-mail address belongs to one user, who is found by it': async ({ repository, elsewhere }) => {
    await repository.save(aUser('a', { email: 'ada@example.org' }));
    const taken = { code: '23505', constraint: 'users_email' };
    await rejects(elsewhere.save(aUser('b', { email: 'ada@example.org' })), taken);
    strictEqual((await elsewhere.findByEmail('ada@example.org'))?.state.id, 'a');
    strictEqual(await repository.findByEmail('bob@example.org'), undefined);
  },

  'of an erased user nothing is found, and the e-mail address is free': async ({ repository }) => {
    const user = aUser('a');
    await repository.save(user);
    await repository.save(aUser('b'));
    await repository.erase((await repository.find('a'))!);
    deepStrictEqual(
      [await repository.find('a'), await repository.findByEmail('a@example.org')],
      [undefined, undefined],
    );
    deepStrictEqual(idsOf(await repository.list({ limit: 9 })), ['b']);
    await repository.save(aUser('c', { email: 'a@example.org' }));
    strictEqual((await repository.findByEmail('a@example.org'))?.state.id, 'c');
  },

  'users are listed page by page, the newest first': async ({ repository }) => {
    for (const id of ['b', 'a', 'd', 'c']) await repository.save(aUser(id));
    deepStrictEqual(idsOf(await repository.list({ limit: 2 })), ['d', 'c']);
    deepStrictEqual(idsOf(await repository.list({ limit: 2, before: 'c' })), ['b', 'a']);
  },

  'of two administrators who leave at once, the second counts without the first': async (stage) => {
    const { repository, transaction } = stage;
    for (const id of ['a', 'b']) await repository.save(aUser(id, { role: 'admin' }));
    await repository.save(aUser('c'));
    const leaves = (id: string) =>
      transaction(async () => {
        const others = await repository.countOtherAdministrators(id);
        if (others > 0) await repository.erase((await repository.find(id))!);
        return others;
      });
    deepStrictEqual((await Promise.all([leaves('a'), leaves('b')])).sort(), [0, 1]);
  },
};

export const userRepositoryContract = contractSuite<Stage>(
  aggregateRules<User, UserRepository>({
    make: (id) => aUser(id),
    change: (user) => user.rename('Bea'),
    find: (repository, id) => repository.find(id),
    tells: ['user.UserRegistered.v1'],
  }),
  userRules,
);
