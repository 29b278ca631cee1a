import { match, notStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { Argon2PasswordHasher } from './password-hasher.impl.ts';
import { Turnstile } from './turnstile.ts';

const hasher = new Argon2PasswordHasher();

test('a hash tells how it was made, and is another one each time', async () => {
  const hash = await hasher.hash('twelve letters');
  match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
  notStrictEqual(await hasher.hash('twelve letters'), hash);
});

test('a seed makes it the same each time, for the same password', async () => {
  const seeded = await hasher.hash('twelve letters', 'seed');
  strictEqual(await hasher.hash('twelve letters', 'seed'), seeded);
  notStrictEqual(await hasher.hash('twelve lettert', 'seed'), seeded);
  notStrictEqual(await hasher.hash('twelve letters', 'weed'), seeded);
});

test('only the password itself matches, in whatever form the keyboard has sent it', async () => {
  const hash = await hasher.hash('caf\u00e9 au lait, s\u2019il');
  strictEqual(await hasher.verify('cafe\u0301 au lait, s\u2019il', hash), true);
  strictEqual(await hasher.verify('cafe au lait, s\u2019il', hash), false);
});

test('a hash with other parameters is checked with those', async () => {
  const older = '$argon2id$v=19$m=1024,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$';
  strictEqual(await hasher.verify('x', `${older}${'A'.repeat(43)}`), false);
  await rejects(hasher.verify('x', 'md5:0'), /not one of ours/);
});

test('nobody’s password never matches, and takes its time', async () => {
  const timed = async (work: () => Promise<unknown>) => {
    const start = performance.now();
    await work();
    return performance.now() - start;
  };
  const hash = await hasher.hash('twelve letters');
  strictEqual(await hasher.verify('twelve letters', undefined), false);
  const known = await timed(() => hasher.verify('wrong', hash));
  const unknown = await timed(() => hasher.verify('wrong', undefined));
  ok(unknown > known / 4, `${unknown} ms is far less than ${known} ms`);
});

test('a turnstile lets in as many as it has places, then makes wait, then sends away', async () => {
  const turnstile = new Turnstile({ inside: 2, waiting: 1 });
  const open = Promise.withResolvers<void>();
  let inside = 0;
  const enter = () =>
    turnstile.pass(async () => {
      inside++;
      await open.promise;
    });
  const first = [enter(), enter()];
  const waiting = enter();
  await rejects(enter(), { code: 'busy', fault: 'unavailable' });
  strictEqual(inside, 2);
  open.resolve();
  await Promise.all([...first, waiting]);
  strictEqual(inside, 3);
  await rejects(
    turnstile.pass(() => Promise.reject(new Error('tripped'))),
    /tripped/,
  );
  await Promise.all([enter(), enter()]);
  strictEqual(inside, 5);
});
