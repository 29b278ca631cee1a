import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { KeyRing, type KeyRingState } from '../../domain/entities/key-ring.entity.ts';
import { KeyRingMapper } from '../mappers/key-ring.mapper.ts';
import { ArchiveKeyRingUseCase } from './archive-key-ring.use-case.ts';
import { ChangeKeyRingUseCase } from './change-key-ring.use-case.ts';

const noon = new Date('2026-01-01T12:00:00Z');
const ann = { id: 'ann', role: 'customer' };
const bob = { id: 'bob', role: 'customer' };
const admin = { id: 'root', role: 'admin' };
const anyVersion = () => {};

function setUp() {
  const shelf = new Map<string, KeyRingState>();
  const keyRings = {
    find: async (id: string) => {
      const state = shelf.get(id);
      return state && KeyRing.restore(state);
    },
    list: async () => [],
    save: async ({ state }: KeyRing) => void shelf.set(state.id, state),
    removeAllOf: async () => {},
  };
  shelf.set('k1', KeyRing.create({ id: 'k1', ownerId: 'ann', name: 'First' }, noon).state);
  const transactions = { transaction: <T>(work: () => Promise<T>) => work() };
  const clock = { now: () => noon };
  return {
    now: () => shelf.get('k1')!,
    change: new ChangeKeyRingUseCase(transactions, keyRings, new KeyRingMapper(), clock),
    archive: new ArchiveKeyRingUseCase(transactions, keyRings, clock),
  };
}

test('the owner and administrators change it, and nobody else does', async () => {
  const { change, archive, now } = setUp();
  const asked = { id: 'k1', mayChange: anyVersion };
  strictEqual((await change.execute({ ...asked, viewer: ann, changes: { name: 'Second' } })).version, 2);
  strictEqual((await change.execute({ ...asked, viewer: admin, changes: { name: 'Third' } })).name, 'Third');
  await rejects(change.execute({ ...asked, viewer: bob, changes: { name: 'Mine' } }), { code: 'forbidden' });
  await rejects(archive.execute({ ...asked, viewer: bob }), { code: 'forbidden' });
  deepStrictEqual([now().name, now().status], ['Third', 'active']);
  await archive.execute({ ...asked, viewer: ann });
  strictEqual(now().status, 'archived');
});

test('one that is not there is not found', async () => {
  const { change } = setUp();
  const asked = { id: 'k2', viewer: ann, changes: { name: 'Second' }, mayChange: anyVersion };
  await rejects(change.execute(asked), { code: 'key_ring_not_found' });
});

test('who means another version changes nothing', async () => {
  const { change, archive, now } = setUp();
  const seen: number[] = [];
  const mayChange = (version: number) => {
    seen.push(version);
    throw new Error('too late');
  };
  await rejects(change.execute({ id: 'k1', viewer: ann, changes: { name: 'Second' }, mayChange }), /too late/);
  await rejects(archive.execute({ id: 'k1', viewer: ann, mayChange }), /too late/);
  deepStrictEqual([seen, now().version], [[1, 1], 1]);
});
