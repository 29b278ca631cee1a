import { deepStrictEqual, strictEqual, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { KeyRing } from './key-ring.entity.ts';

const noon = new Date('2026-01-01T12:00:00Z');
const later = new Date('2026-01-01T13:00:00Z');
const draft = { id: 'k1', ownerId: 'ann', name: ' First ' };
const stored = () => KeyRing.restore({ ...KeyRing.create(draft, noon).state });
const told = (keyRing: KeyRing) => keyRing.takeEvents().map(({ type }) => type);

test('a new one is active, at version 1, and its name is tidy', () => {
  const keyRing = KeyRing.create(draft, noon);
  const { status, version, name } = keyRing.state;
  deepStrictEqual({ status, version, name }, { status: 'active', version: 1, name: 'First' });
  deepStrictEqual(keyRing.takeEvents(), [{ type: 'KeyRingCreated', keyRing: keyRing.state }]);
  deepStrictEqual(keyRing.takeEvents(), []);
});

test('a change counts one version, and is told', () => {
  const keyRing = stored();
  keyRing.change({ name: 'Second' }, later);
  const { version, name, updatedAt } = keyRing.state;
  deepStrictEqual({ version, name, updatedAt }, { version: 2, name: 'Second', updatedAt: later });
  deepStrictEqual(keyRing.takeEvents(), [{ type: 'KeyRingChanged', keyRing: keyRing.state }]);
});

test('two changes before it is stored are one version', () => {
  const keyRing = stored();
  keyRing.change({ name: 'Second' }, later);
  keyRing.archive(later);
  strictEqual(keyRing.state.version, 2);
});

test('a change to what it is already is no change', () => {
  const keyRing = stored();
  keyRing.change({ name: ' First' }, later);
  keyRing.change({}, later);
  deepStrictEqual([keyRing.state.version, told(keyRing)], [1, []]);
});

test('an archived one does not change any more, and archiving it again changes nothing', () => {
  const keyRing = stored();
  keyRing.archive(later);
  deepStrictEqual(told(keyRing), ['KeyRingArchived']);
  throws(() => keyRing.change({ name: 'Second' }, later), { code: 'key_ring_archived' });
  keyRing.archive(later);
  deepStrictEqual(told(keyRing), []);
});
