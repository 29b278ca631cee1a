import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { firstKey, published, rotated, signingKey } from './signing-key.entity.ts';

const noon = new Date('2026-01-01T12:00:00Z');
const after = (seconds: number) => new Date(noon.getTime() + seconds * 1_000);
const material = (kid: string) => ({ kid, privateJwk: {}, publicJwk: {} });
const old = firstKey(material('old'), after(-1_000));
const keys = rotated([old], material('new'), { at: noon, tokenMs: 900_000 });
const kids = (seconds: number) => published(keys, after(seconds)).map(({ kid }) => kid);

test('the first key signs at once', () => {
  strictEqual(signingKey([old], old.createdAt)?.kid, 'old');
});

test('a new key is published before it signs, so that whoever verifies knows it by then', () => {
  deepStrictEqual(kids(0), ['old', 'new']);
  strictEqual(signingKey(keys, after(89))?.kid, 'old');
  strictEqual(signingKey(keys, after(90))?.kid, 'new');
});

test('an old key stays until the last token that it has signed has expired', () => {
  deepStrictEqual(kids(90 + 900), ['old', 'new']);
  deepStrictEqual(kids(90 + 900 + 60), ['new']);
});

test('a second rotation does not bring the first key back, and drops what is past', () => {
  const soon = rotated(keys, material('newer'), { at: after(10), tokenMs: 900_000 });
  deepStrictEqual(
    soon.map(({ retiredAt }) => retiredAt),
    [after(90 + 960), after(100 + 960), undefined],
  );
  const late = rotated(keys, material('newer'), { at: after(2_000), tokenMs: 900_000 });
  deepStrictEqual(
    late.map(({ kid }) => kid),
    ['new', 'newer'],
  );
});
