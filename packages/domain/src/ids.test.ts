import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { isUuid, UuidV7Ids } from './ids.ts';

test('ids are UUIDs of version 7 with the time of their making', () => {
  const before = Date.now();
  const id = new UuidV7Ids().next();
  match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  ok(isUuid(id));
  const made = Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);
  ok(made >= before && made <= Date.now());
});

test('ids of one process only rise and never repeat, also many within a millisecond', () => {
  const ids = new UuidV7Ids();
  const made = Array.from({ length: 20_000 }, () => ids.next());
  deepStrictEqual(made, made.toSorted());
  strictEqual(new Set(made).size, made.length);
});

test('two processes that make ids in the same millisecond make different ones', () => {
  const [one, other] = [new UuidV7Ids(), new UuidV7Ids()];
  strictEqual(new Set(Array.from({ length: 2_000 }, () => [one.next(), other.next()]).flat()).size, 4_000);
});

test('what only looks like a UUID is none', () => {
  for (const text of [
    '',
    'x',
    '0af76519-16cd-43dd-8448',
    '0AF76519-16CD-43DD-8448-EB211C80319C',
    `${new UuidV7Ids().next()}\n`,
  ]) {
    strictEqual(isUuid(text), false, text);
  }
});
