import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { CurrentRoles } from './current-roles.ts';
import { Revocations } from './revocations.ts';

const ann = { id: 'ann', role: 'admin', issuedAtMs: 1_000, scopes: ['read'] };

test('of two changes of a role the newer one counts, whichever is heard of first', () => {
  const roles = new CurrentRoles();
  roles.note({ userId: 'ann', role: 'customer', atMs: 3_000 });
  roles.note({ userId: 'ann', role: 'auditor', atMs: 2_000 });
  deepStrictEqual(roles.of(ann), { ...ann, role: 'customer' });
  roles.note({ userId: 'ann', role: 'admin', atMs: 4_000 });
  strictEqual(roles.of(ann), ann);
});

test('a caller with another role than the token tells is the same one at each request', () => {
  const roles = new CurrentRoles();
  roles.note({ userId: 'ann', role: 'customer', atMs: 3_000 });
  strictEqual(roles.of(ann), roles.of(ann));
});

test('a token that was made while the role changed may tell the former one; a later one tells the new one', () => {
  const roles = new CurrentRoles();
  roles.note({ userId: 'ann', role: 'customer', atMs: 3_000 });
  strictEqual(roles.of({ ...ann, issuedAtMs: 4_000 }).role, 'customer');
  strictEqual(roles.of({ ...ann, issuedAtMs: 6_000 }).role, 'admin');
});

test('what another gateway has learned of a role counts here too', () => {
  const revocations = new Revocations();
  let isTold = false;
  revocations.onEnded = () => {
    isTold = true;
  };
  revocations.heard({ kind: 'role-changed', userId: 'ann', role: 'customer', atMs: 3_000 });
  deepStrictEqual([revocations.standing(ann)?.role, isTold], ['customer', true]);
});
