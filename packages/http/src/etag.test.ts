import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { requireIfMatch, sendWithEtag } from './etag.ts';
import { aServer } from './server.fixtures.ts';

const config = { access: 'public' } as const;
const server = await aServer(async (http) => {
  http.get('/thing', { config }, async (request, reply) =>
    sendWithEtag(request, reply, { version: 7, body: { id: 'x' } }),
  );
  http.put('/thing', { config }, async (request) => {
    requireIfMatch(request, 7);
    return { done: true };
  });
});

const read = (ifNoneMatch: string) => server.inject({ url: '/thing', headers: { 'if-none-match': ifNoneMatch } });
const change = (ifMatch: string) => server.inject({ method: 'PUT', url: '/thing', headers: { 'if-match': ifMatch } });

test('a single resource carries a strong tag of its version', async () => {
  strictEqual((await server.inject({ url: '/thing' })).headers['etag'], '"7"');
});

test('a client that has this version gets 304 without a body', async () => {
  for (const tag of ['"7"', 'W/"7"', '"6", "7"', '*']) {
    const response = await read(tag);
    strictEqual(response.statusCode, 304, tag);
    strictEqual(response.body, '');
    strictEqual(response.headers['etag'], '"7"');
  }
  for (const tag of ['"6"', '7', '"77"']) strictEqual((await read(tag)).statusCode, 200, tag);
});

test('a change of a version that is not the newest is refused', async () => {
  for (const tag of ['"7"', '*', '"6","7"', ', "a,b" ,, "7" ,']) strictEqual((await change(tag)).statusCode, 200, tag);
  for (const tag of ['"6"', 'W/"7"', '', ' , ', '"6", W/"7"']) {
    const response = await change(tag);
    strictEqual(response.statusCode, 412, tag);
    strictEqual(response.json().code, 'precondition_failed');
  }
  strictEqual((await server.inject({ method: 'PUT', url: '/thing' })).statusCode, 200);
});

test('an If-Match that is no list of tags is matches nothing, whatever the version is', async () => {
  const malformed = [
    '"7" "8"',
    '"7""8"',
    '7',
    '*,',
    '*, "7"',
    'any*',
    'x"7"',
    '"7"x',
    '"7", 7',
    'w/"7"',
    '"7',
    '"a b"',
  ];
  for (const header of malformed) {
    const response = await change(header);
    deepStrictEqual([response.statusCode, response.json().code], [412, 'precondition_failed'], header);
  }
});
