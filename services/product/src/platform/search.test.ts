import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { databaseMissing } from '@ashlar/postgres';
import { aProductService } from './product-service.fixtures.ts';

const shop = aProductService();
const stored = { skip: databaseMissing };

test('the newest come first, and every page goes on where the last one ended', stored, async () => {
  for (const n of [1, 2, 3, 4, 5]) await shop.create({ sku: `P-${n}`, name: `Pot ${n}`, category: 'Pots' });
  const first = await shop.list('category=Pots&limit=2');
  deepStrictEqual(first.names, ['Pot 5', 'Pot 4']);
  await shop.create({ sku: 'P-6', name: 'Pot 6', category: 'Pots' });
  const second = await shop.list(`category=Pots&limit=2&cursor=${first.nextCursor}`);
  deepStrictEqual(second.names, ['Pot 3', 'Pot 2']);
  deepStrictEqual(await shop.list(`category=Pots&limit=2&cursor=${second.nextCursor}`), {
    names: ['Pot 1'],
    nextCursor: null,
  });
  deepStrictEqual((await shop.list('category=pots')).names, []);
});

test(
  'a word in the name weighs more than one in the category, and that more than one in the description',
  stored,
  async () => {
    await shop.create({ sku: 'L-1', name: 'Candle', category: 'Decoration', description: 'Cosier than a lantern.' });
    await shop.create({ sku: 'L-2', name: 'Brass lantern', category: 'Decoration', description: 'Burns oil.' });
    await shop.create({ sku: 'L-3', name: 'Wick', category: 'Lantern parts', description: 'Cotton.' });
    deepStrictEqual((await shop.list('search=lanterns')).names, ['Brass lantern', 'Wick', 'Candle']);
    deepStrictEqual((await shop.list('search=lantern&category=Decoration')).names, ['Brass lantern', 'Candle']);
    deepStrictEqual((await shop.list('search=lantern%20-brass')).names, ['Wick', 'Candle']);
    deepStrictEqual((await shop.list('search=L-3')).names, ['Wick']);
  },
);

test('the pages of a search hold each product once, those that fit equally well too', stored, async () => {
  for (let n = 0; n < 9; n++) {
    const description = n % 3 === 0 ? 'A spoon, and a spoon.' : 'Plain.';
    await shop.create({ sku: `S-${n}`, name: `Spoon ${n}`, category: 'Cutlery', description });
  }
  const names: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const page = await shop.list(`search=spoon&limit=2${cursor && `&cursor=${cursor}`}`);
    names.push(...page.names);
    cursor = page.nextCursor;
  }
  deepStrictEqual(
    names,
    [6, 3, 0, 8, 7, 5, 4, 2, 1].map((n) => `Spoon ${n}`),
  );
});

test('nothing that people type is an error', stored, async () => {
  const odd = [
    `":*&|!`,
    `'; drop table products; --`,
    '"unclosed',
    '((((',
    '<->',
    '\\',
    'or or or',
    '- -',
    'ẞ🙂日本語\u202e',
    'the',
    '%',
    '   ',
  ];
  for (const text of [...odd, 'x'.repeat(200), '🙂'.repeat(200)]) {
    strictEqual((await shop.call(`/v1/products?search=${encodeURIComponent(text)}`)).statusCode, 200, text);
  }
  for (const text of ['x'.repeat(201), 'y'.repeat(1_000)]) {
    strictEqual((await shop.call(`/v1/products?search=${text}`)).statusCode, 400);
  }
  strictEqual((await shop.call('/v1/products?search=%00')).statusCode, 400);
  strictEqual((await shop.call('/v1/products?limit=101')).statusCode, 400);
  strictEqual((await shop.call('/v1/products?status=gone')).statusCode, 400);
});

test('a cursor belongs to its kind of list', stored, async () => {
  const { nextCursor } = await shop.list('search=spoon&limit=1');
  const strayed = await shop.call(`/v1/products?cursor=${nextCursor}`);
  deepStrictEqual([strayed.statusCode, strayed.json().code], [400, 'bad_cursor']);
  const forged = (position: string) =>
    shop.call(`/v1/products?search=spoon&cursor=${Buffer.from(position).toString('base64url')}`);
  strictEqual((await forged('{"rank":1e+300,"id":"01900000-0000-7000-8000-000000000001"}')).statusCode, 200);
  strictEqual((await forged('{"rank":1e+300,"id":"x"}')).statusCode, 400);
});
