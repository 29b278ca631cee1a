import { deepStrictEqual, strictEqual, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { wrongEmail } from './email-address.ts';
import { wrongPassword } from './password.ts';
import { User, wrongName } from './user.entity.ts';

const noon = new Date('2026-01-01T12:00:00Z');
const alice = {
  id: 'u1',
  email: ' Alice@Example.ORG ',
  name: ' Alice ',
  role: 'customer',
  passwordHash: 'h1',
} as const;
const anAdmin = () => User.register({ ...alice, role: 'admin' }, noon);

test('a new user has a tidy profile, and others learn no more than that there is one', () => {
  const user = User.register(alice, noon);
  deepStrictEqual([user.state.email, user.state.name], ['alice@example.org', 'Alice']);
  deepStrictEqual(user.takeEvents(), [{ type: 'UserRegistered', userId: 'u1' }]);
  deepStrictEqual(user.takeEvents(), []);
});

test('nobody registers with a profile that is none', () => {
  throws(() => User.register({ ...alice, email: 'alice' }, noon), { code: 'invalid_request' });
  throws(() => User.register({ ...alice, name: ' ' }, noon), { code: 'invalid_request' });
  throws(() => User.register(alice, noon).rename(''), { code: 'invalid_request' });
});

test('the last administrator neither steps down nor goes', () => {
  throws(() => anAdmin().changeRole('customer', 0), { code: 'last_admin' });
  throws(() => anAdmin().erase(0), { code: 'last_admin' });
  const one = anAdmin();
  one.changeRole('customer', 1);
  strictEqual(one.isAdmin, false);
  User.register(alice, noon).erase(0);
});

test('an e-mail address has one @, no white space and at most 254 characters', () => {
  const good = ['a@b', ' A.b+c@Example.org ', 'grüße@bücher.example', `${'a'.repeat(252)}@b`];
  const bad = ['', 'a', 'a@', '@b', 'a@b@c', 'a b@c', 'a@b\nc', 'a\u0000@b', 'a\u200b@b', `${'a'.repeat(253)}@b`];
  deepStrictEqual(
    good.filter((text) => wrongEmail(text)),
    [],
  );
  deepStrictEqual(
    bad.filter((text) => !wrongEmail(text)),
    [],
  );
});

test('a password has 12 to 128 characters, whatever they are', () => {
  const good = ['x'.repeat(12), ' '.repeat(12), '🙂'.repeat(12), '🙂'.repeat(128)];
  const bad = ['', 'x'.repeat(11), '🙂'.repeat(11), 'x'.repeat(129), '🙂'.repeat(129), 'x'.repeat(1_000_000)];
  deepStrictEqual(
    good.filter((text) => wrongPassword(text)),
    [],
  );
  deepStrictEqual(
    bad.filter((text) => !wrongPassword(text)),
    [],
  );
});

test('a name has 1 to 200 characters and is not blank', () => {
  const good = ['A', `  ${'🙂'.repeat(200)}  `, 'María José'];
  const bad = ['', '   ', 'x'.repeat(201), 'a\u0007b'];
  deepStrictEqual(
    good.filter((text) => wrongName(text)),
    [],
  );
  deepStrictEqual(
    bad.filter((text) => !wrongName(text)),
    [],
  );
});
