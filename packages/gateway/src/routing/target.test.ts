import { deepStrictEqual, strictEqual, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { parseTarget, pathOf } from './target.ts';

test('a path and its query are told apart', () => {
  deepStrictEqual(parseTarget('/v1/products?search=a%20b'), { path: '/v1/products', query: '?search=a%20b' });
  deepStrictEqual(parseTarget('/v1/products?'), { path: '/v1/products', query: '?' });
});

test('an encoded letter is the same letter: no policy is looked up by another path than the service sees', () => {
  strictEqual(parseTarget('/v1/users/%6d%65').path, '/v1/users/me');
  strictEqual(parseTarget('/%6Fps/sagas').path, '/ops/sagas');
  strictEqual(parseTarget('/v1/products/a%20b').path, '/v1/products/a%20b');
  strictEqual(parseTarget('/v1/products/%256d').path, '/v1/products/%256d');
});

const AMBIGUOUS = {
  'an absolute address': 'http://evil.example/v1/products',
  'an authority': 'evil.example:80',
  'an asterisk': '*',
  'a dot segment': '/v1/../ops/sagas',
  'a dot segment at the end': '/v1/products/..',
  'an encoded dot segment': '/v1/%2e%2E/ops',
  'a half encoded dot segment': '/v1/.%2e/ops',
  'a dot segment with a parameter': '/v1/..;a=b/ops',
  'a dot segment with an encoded parameter': '/v1/%2e.%3b/ops',
  'an encoded slash': '/v1/products%2f..',
  'an encoded backslash': '/v1/products%5c..',
  'a backslash': '/v1\\products',
  'an empty segment': '//evil.example/v1',
  'an empty segment inside': '/v1//products',
  NUL: '/v1/products/%00',
  'NUL in the query': '/v1/products?search=%00',
  'a line break': '/v1/products%0d%0aX-A:b',
  'a fragment': '/v1/products#x',
  'half a percent-encoding': '/v1/products/%4',
  'half a percent-encoding in the query': '/v1/products?search=%zz',
  'an encoding that is not UTF-8': '/v1/products/%ff',
  'a raw byte': '/v1/products/\u00e9',
};

for (const [what, url] of Object.entries(AMBIGUOUS)) {
  test(`${what} is refused`, () => {
    throws(() => parseTarget(url), { status: 400 });
  });
}

test('an absolute address is a path where it names the host that is told, and refused where it does not', () => {
  strictEqual(pathOf('/v1/products', 'a'), '/v1/products');
  strictEqual(pathOf('http://Shop.example:8080/v1?x=1', 'shop.example:8080'), '/v1?x=1');
  strictEqual(pathOf('HTTPS://shop.example', 'shop.example'), '/');
  strictEqual(pathOf('http://shop.example?x', 'shop.example'), '/?x');
  for (const [url, host] of [
    ['http://evil.example/v1', 'shop.example'],
    ['http://shop.example:81/v1', 'shop.example'],
    ['http://shop.example@evil.example/v1', 'shop.example'],
    ['http://evil.example@shop.example/v1', 'shop.example'],
    ['http://shop.example\\@evil.example/v1', 'shop.example'],
    ['http://shop.example#/v1', 'shop.example'],
    ['http:///v1', ''],
    ['http://shop.example//v1', 'shop.example'],
    ['http://shop.example/../v1', 'shop.example'],
    ['ftp://shop.example/v1', 'shop.example'],
    ['http://shop.example/v1', undefined],
  ] as const)
    throws(() => parseTarget(pathOf(url, host)), { status: 400 }, url);
});

test('an address of more than 8 KiB is too long', () => {
  strictEqual(parseTarget(`/${'a'.repeat(8191)}`).path.length, 8192);
  throws(() => parseTarget(`/${'a'.repeat(8192)}`), { status: 414 });
});
