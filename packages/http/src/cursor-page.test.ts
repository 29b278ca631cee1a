import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import Type from 'typebox';
import { cursorPage } from './cursor-page.ts';
import { cursorQuery } from './schemas.ts';
import { aServer } from './server.fixtures.ts';

const NUMBERS = Array.from({ length: 45 }, (_, n) => n + 1);
const Position = Type.Object({ after: Type.Integer() });

const server = await aServer(async (http) => {
  const querystring = cursorQuery({ odd: Type.Optional(Type.Boolean()) });
  http.get('/numbers', { config: { access: 'public' }, schema: { querystring } }, async ({ query }) => {
    const page = cursorPage(query, Position);
    const rows = NUMBERS.filter((n) => n > (page.after?.after ?? 0) && (!query.odd || n % 2 === 1)).slice(
      0,
      page.fetch,
    );
    return page.of(rows, (last) => ({ after: last }));
  });
});

const list = async (query: string) => (await server.inject({ url: `/numbers${query}` })).json();

test('a list is read page by page, every item once, and ends with null', async () => {
  const seen: number[] = [];
  const sizes: number[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: { items: number[]; nextCursor: string | null } = await list(
      `?limit=15${cursor && `&cursor=${cursor}`}`,
    );
    seen.push(...page.items);
    sizes.push(page.items.length);
    cursor = page.nextCursor;
  }
  deepStrictEqual(seen, NUMBERS);
  deepStrictEqual(sizes, [15, 15, 15]);
});

test('a page has 20 items by default and at most 100; filters are typed', async () => {
  strictEqual((await list('')).items.length, 20);
  strictEqual((await list('?limit=100&odd=true')).items.length, 23);
  for (const query of [
    '?limit=0',
    '?limit=101',
    '?limit=',
    '?limit=1.5',
    '?limit=0x10',
    '?limit=ten',
    '?limit=1&limit=2',
    '?odd=maybe',
  ]) {
    const refused = await list(query);
    strictEqual(refused.code, 'invalid_request', query);
    strictEqual(refused.errors[0].path, query.slice(0, query.indexOf('=')));
  }
  strictEqual((await list('?unknown=1')).items.length, 20);
});

test('a cursor that is not ours is refused', async () => {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const forged = [{ after: 'a' }, [1], { after: 1e21 }, { after: 2 ** 53 }, { after: 1, or: 2 }].map(encode);
  for (const cursor of ['x', '', ...forged, `${encode({ after: 1 })}A`]) {
    strictEqual((await list(`?cursor=${cursor}`)).code, 'bad_cursor', cursor);
  }
});
