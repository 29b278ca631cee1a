import { deepStrictEqual, ok } from 'node:assert/strict';
import type { Problem } from '@ashlar/cli';
import { anAddress, dollars } from '../shop/member.ts';
import { HOSTILE_FRAMES } from './hostile-frames.ts';
import { sendRaw } from './raw.ts';
import { NOBODY, type StageTests } from './stage.ts';

const DEEP = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
const INVALID = '400 invalid_request';
const user = (fields: object) => ({
  email: `${crypto.randomUUID()}@example.com`,
  password: 'correct horse battery',
  name: 'Eve',
  ...fields,
});
const product = (fields: object) => ({
  sku: crypto.randomUUID(),
  name: 'Cup',
  category: 'kitchen',
  price: dollars(1),
  ...fields,
});
const withField = (field: string, value: string) => JSON.stringify(user({})).replace('{', `{"${field}":${value},`);

/** Bodies that try something, and what is answered. */
const BODIES: readonly (readonly [
  name: string,
  call: 'POST /v1/users' | 'POST /v1/products' | 'POST /v1/orders' | 'DELETE /v1/sessions',
  body: unknown,
  answer: string,
])[] = [
  ['a prototype', 'POST /v1/users', withField('__proto__', '{"role":"admin"}'), '400'],
  ['a constructor', 'POST /v1/users', withField('constructor', '{"prototype":{"role":"admin"}}'), '400'],
  ['a role', 'POST /v1/users', user({ role: 'admin' }), INVALID],
  ['an id', 'POST /v1/users', user({ id: NOBODY }), INVALID],
  ['SQL for a name', 'POST /v1/users', user({ name: `'; drop table users; --` }), '201'],
  ['a script for a name', 'POST /v1/users', user({ name: '<script>alert(1)</script>' }), '201'],
  ['a family of emojis for a name', 'POST /v1/users', user({ name: '👨‍👩‍👧‍👦' }), '201'],
  ['NUL in a name', 'POST /v1/users', user({ name: 'a\0b' }), INVALID],
  ['half a character', 'POST /v1/users', withField('name', '"\\ud800"').replace(',"name":"Eve"', ''), INVALID],
  ['a line break in an address', 'POST /v1/users', user({ email: 'a@example.com\r\nBcc: all@example.com' }), INVALID],
  ['an endless name', 'POST /v1/users', user({ name: 'x'.repeat(500_000) }), INVALID],
  ['an endless password', 'POST /v1/users', user({ password: 'x'.repeat(900_000) }), INVALID],
  ['an object for a text', 'POST /v1/users', user({ email: { $ne: null } }), INVALID],
  ['a list for a text', 'POST /v1/users', user({ name: ['a'] }), INVALID],
  ['nothing for a text', 'POST /v1/users', user({ name: null }), INVALID],
  ['a hundred thousand levels', 'POST /v1/users', DEEP, '400'],
  ['a hundred levels in a field', 'POST /v1/users', withField('x', `${'['.repeat(100)}${']'.repeat(100)}`), INVALID],
  ['no body', 'POST /v1/users', undefined, INVALID],
  ['a body where none is asked for', 'DELETE /v1/sessions', { all: true }, INVALID],
  ['blanks', 'POST /v1/users', '   ', '400 malformed_json'],
  ['a byte order mark', 'POST /v1/users', `\uFEFF${JSON.stringify(user({}))}`, '201'],
  ['comments', 'POST /v1/users', '{/* */}', '400 malformed_json'],
  ['a comma too many', 'POST /v1/users', '{"a":1,}', '400 malformed_json'],
  ['quotes of the wrong kind', 'POST /v1/users', "{'a':1}", '400 malformed_json'],
  ['no number', 'POST /v1/users', '{"a":NaN}', '400 malformed_json'],
  ['two values', 'POST /v1/users', '{}{}', '400 malformed_json'],
  [
    'an infinite price',
    'POST /v1/products',
    JSON.stringify(product({})).replace('"amount":1', '"amount":1e400'),
    INVALID,
  ],
  ['a price as a text', 'POST /v1/products', product({ price: { amount: '1', currency: 'USD' } }), INVALID],
  ['a fraction of a cent', 'POST /v1/products', product({ price: { amount: 1e-7, currency: 'USD' } }), INVALID],
  ['a price below nothing', 'POST /v1/products', product({ price: { amount: -5, currency: 'USD' } }), INVALID],
  ['a price with an extra', 'POST /v1/products', product({ price: { ...dollars(1), discount: 1 } }), INVALID],
  ['SQL for a category', 'POST /v1/products', product({ category: `x' or '1'='1` }), '201'],
  ['a blank name', 'POST /v1/products', product({ name: '   ' }), INVALID],
  ['a SKU with a line break', 'POST /v1/products', product({ sku: 'a\nb' }), INVALID],
  ['a version', 'POST /v1/products', product({ version: 7 }), INVALID],
  ['a currency that there is not', 'POST /v1/products', product({ price: { amount: 1, currency: 'ZZZ' } }), INVALID],
  [
    'a price of my own',
    'POST /v1/orders',
    { items: [{ productId: NOBODY, quantity: 1, price: dollars(1) }], currency: 'USD', shippingAddress: anAddress },
    INVALID,
  ],
  [
    'less than nothing',
    'POST /v1/orders',
    { items: [{ productId: NOBODY, quantity: -1 }], currency: 'USD', shippingAddress: anAddress },
    INVALID,
  ],
  [
    'a quantity beyond integers',
    'POST /v1/orders',
    { items: [{ productId: NOBODY, quantity: 1e21 }], currency: 'USD', shippingAddress: anAddress },
    INVALID,
  ],
  [
    'a status of my own',
    'POST /v1/orders',
    { items: [{ productId: NOBODY, quantity: 1 }], currency: 'USD', shippingAddress: anAddress, status: 'confirmed' },
    INVALID,
  ],
  [
    'an id in capitals',
    'POST /v1/orders',
    { items: [{ productId: NOBODY.toUpperCase(), quantity: 1 }], currency: 'USD', shippingAddress: anAddress },
    INVALID,
  ],
];

/** Queries and ids that try something. */
const READS: readonly (readonly [target: `/${string}`, answer: string])[] = [
  [`/v1/products?search=${encodeURIComponent(`'; drop table products; --`)}`, '200'],
  [`/v1/products?search=${encodeURIComponent('a & | ! <-> ) (')}`, '200'],
  [`/v1/products?search=${encodeURIComponent('\\')}`, '200'],
  [`/v1/products?search=${'x'.repeat(201)}`, INVALID],
  ['/v1/products?search=a&search=b', INVALID],
  ['/v1/products?limit[]=1', '200'],
  ['/v1/products?limit=-1', INVALID],
  ['/v1/products?limit=1e2', INVALID],
  ['/v1/products?limit=0x10', INVALID],
  ['/v1/products?limit=99999999999999999999', INVALID],
  ['/v1/products?cursor=eyJpZCI6IicgT1IgMT0xIn0', '400 bad_cursor'],
  [`/v1/products?cursor=${'A'.repeat(2_000)}`, INVALID],
  ['/v1/products?__proto__=1', '200'],
  ['/v1/products?status=deleted', INVALID],
  [`/v1/products/${encodeURIComponent(`' or 1=1 --`)}`, INVALID],
  [`/v1/orders/${NOBODY.toUpperCase()}`, INVALID],
  [`/v1/orders/${NOBODY}x`, INVALID],
  ['/v1/orders/null', INVALID],
  ['/v1/orders/__proto__', INVALID],
  ['/v1/accounts?asOf=0000-00-00T00:00:00Z', INVALID],
  ['/v1/accounts?asOf=9999-12-31T23:59:59Z', '200'],
  ['/v1/accounts?userId=me', INVALID],
  ['/v1/products/%zz', '400 malformed_url'],
  [`/${'x'.repeat(9_000)}`, '414 uri_too_long'],
];

export const hostile: StageTests = {
  'what is no request, or could be understood in two ways, is refused in our own form': async ({ shop, alice }) => {
    const wrong: string[] = [];
    for (const [name, [bytes, ...answers]] of Object.entries(HOSTILE_FRAMES)) {
      const { status, code, text } = await sendRaw(shop.url, bytes);
      if (!answers.includes(`${status} ${code}`)) wrong.push(`${name}: ${status} ${code} ${text.slice(0, 300)}`);
    }
    deepStrictEqual(wrong, []);
    await alice.get('/v1/users/me');
  },

  'what a body tries is refused, or taken as the text that it is': async ({ admin }) => {
    const wrong: string[] = [];
    for (const [name, call, body, answer] of BODIES) {
      const {
        status,
        body: said,
        text,
      } = await admin.call<Problem>(call, { body, headers: { 'content-type': 'application/json' } });
      if (!`${status} ${said?.code}`.startsWith(answer)) wrong.push(`${name}: ${status} ${text.slice(0, 300)}`);
    }
    deepStrictEqual(wrong, []);
  },

  'what an address tries is refused, or taken as the text that it is': async ({ alice }) => {
    const wrong: string[] = [];
    for (const [target, answer] of READS) {
      const { status, body, text } = await alice.call<Problem>(`GET ${target}`);
      if (!`${status} ${body?.code}`.startsWith(answer)) wrong.push(`${target}: ${status} ${text.slice(0, 300)}`);
    }
    deepStrictEqual(wrong, []);
    ok(Object.keys(HOSTILE_FRAMES).length + BODIES.length + READS.length >= 100);
  },
};
