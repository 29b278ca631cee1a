import { deepStrictEqual, rejects } from 'node:assert/strict';
import { aggregateRules, contractSuite, type RepositoryStage, type Rules } from '@ashlar/postgres/contract-suites';
import { KeyRing } from '../entities/key-ring.entity.ts';
import type { KeyRingFilter, KeyRingRepository } from './key-ring.repository.interface.ts';

type Stage = RepositoryStage<KeyRingRepository>;

const at = new Date('2026-01-01T00:00:00.000Z');

const aKeyRing = (id: string, { ownerId = 'ann', name = `Number ${id}` } = {}): KeyRing =>
  KeyRing.create({ id, ownerId, name }, at);

const isTaken = { code: '23505', constraint: 'key_rings_name' };

const keyRingRules: Rules<Stage> = {
  'of an owner, no two active ones have the same name': async ({ repository, elsewhere }) => {
    await repository.save(aKeyRing('a', { name: 'Mine' }));
    await rejects(elsewhere.save(aKeyRing('b', { name: 'Mine' })), isTaken);
    await elsewhere.save(aKeyRing('c', { ownerId: 'bob', name: 'Mine' }));
    const old = (await repository.find('a'))!;
    old.archive(at);
    await repository.save(old);
    await elsewhere.save(aKeyRing('b', { name: 'Mine' }));
    const other = aKeyRing('d');
    await repository.save(other);
    const renamed = (await repository.find('d'))!;
    renamed.change({ name: 'Mine' }, at);
    await rejects(repository.save(renamed), isTaken);
  },

  'one that has not changed is not stored, and tells nothing': async ({ repository, told }) => {
    await repository.save(aKeyRing('a'));
    await repository.save((await repository.find('a'))!);
    deepStrictEqual(told(), ['tool-shed.KeyRingCreated.v1']);
  },

  'those of an owner are listed page by page, the newest first, by status': async ({ repository }) => {
    for (const id of ['b', 'a', 'd', 'c']) await repository.save(aKeyRing(id));
    await repository.save(aKeyRing('e', { ownerId: 'bob' }));
    const old = (await repository.find('d'))!;
    old.archive(at);
    await repository.save(old);
    const idsOf = async (filter: Partial<KeyRingFilter>) =>
      (await repository.list({ ownerId: 'ann', status: 'active', limit: 9, ...filter }))
        .map(({ state }) => state.id)
        .join('');
    deepStrictEqual(await idsOf({}), 'cba');
    deepStrictEqual(await idsOf({ limit: 2 }), 'cb');
    deepStrictEqual(await idsOf({ after: 'b' }), 'a');
    deepStrictEqual(await idsOf({ status: 'archived' }), 'd');
    deepStrictEqual(await idsOf({ ownerId: 'bob' }), 'e');
  },

  'what was removed is not brought back by someone who had loaded it': async ({ repository, elsewhere }) => {
    for (const id of ['a', 'b']) await repository.save(aKeyRing(id));
    await repository.save(aKeyRing('c', { ownerId: 'bob' }));
    const loaded = (await elsewhere.find('a'))!;
    await repository.removeAllOf('ann');
    loaded.change({ name: 'Back again' }, at);
    await rejects(elsewhere.save(loaded), { name: 'ConcurrencyError' });
    const found = await Promise.all(['a', 'b', 'c'].map((id) => repository.find(id)));
    deepStrictEqual(
      found.map((one) => one?.state.id),
      [undefined, undefined, 'c'],
    );
  },
};

export const keyRingRepositoryContract = contractSuite<Stage>(
  aggregateRules<KeyRing, KeyRingRepository>({
    make: (id) => aKeyRing(id),
    change: (keyRing) => keyRing.change({ name: 'Changed' }, at),
    find: (repository, id) => repository.find(id),
    tells: ['tool-shed.KeyRingCreated.v1'],
  }),
  keyRingRules,
);
