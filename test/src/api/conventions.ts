import { deepStrictEqual, match, notStrictEqual, ok, strictEqual } from 'node:assert/strict';
import type { Method, Page, ProductView } from '@ashlar/cli';
import { expectStatus } from '../shop/member.ts';
import { CALLS } from './contract.ts';
import { NOBODY, refused, type StageTests, wrongPaths } from './stage.ts';

type Call = `${Method} /${string}`;

/** A real address of each documented call. */
const documentedCalls = [...CALLS].map(([call, documented]) => ({
  call: call.replace(/:\w+/g, NOBODY) as Call,
  name: call,
  ...documented,
}));

export const conventions: StageTests = {
  'strangers are refused where a user is needed, and customers where an administrator is': async ({ alice, api }) => {
    for (const { call, who } of documentedCalls) {
      if (who !== 'anyone') match((await expect401(api.call(call))).headers['www-authenticate'] ?? '', /^Bearer/);
      if (who === 'admin') refused(await alice.call(call), '403 forbidden');
    }
  },

  'a body is JSON, an object, and has no unknown fields': async ({ admin }) => {
    for (const { call } of documentedCalls.filter(({ takesBody }) => takesBody)) {
      refused(await admin.call(call, { body: '{"half":' }), '400 malformed_json');
      refused(await admin.call(call, { body: Buffer.from([0x22, 0xff, 0x22]) }), '400 malformed_json');
      for (const body of ['[]', '"text"', '42', 'null'])
        refused(await admin.call(call, { body }), '400 invalid_request');
      ok(
        wrongPaths(refused(await admin.call(call, { body: { nonsense: 1 } }), '400 invalid_request')).includes(
          '/nonsense',
        ),
        call,
      );
      for (const type of [
        'text/plain',
        'application/xml',
        'application/x-www-form-urlencoded',
        'application/json; charset=latin1',
      ]) {
        refused(
          await admin.call(call, { body: '{}', headers: { 'content-type': type } }),
          '415 unsupported_media_type',
        );
      }
      refused(
        await admin.call(call, { body: '{}', headers: { 'content-encoding': 'gzip' } }),
        '415 unsupported_media_type',
      );
    }
  },

  'a body has at most 1 MiB': async ({ admin }) => {
    const body = JSON.stringify({ name: 'x'.repeat(1 << 20) });
    refused(await admin.call('PATCH /v1/users/me', { body }), '413 payload_too_large');
    refused(
      await admin.call('PATCH /v1/users/me', { body: JSON.stringify({ name: 'x'.repeat((1 << 20) - 20) }) }),
      '400 invalid_request',
    );
  },

  'a path tells which methods it takes': async ({ admin }) => {
    const paths = Map.groupBy(documentedCalls, ({ call }) => call.split(' ')[1]!);
    for (const [path, calls] of paths) {
      const taken = new Set(calls.map(({ call }) => call.split(' ')[0]!));
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const) {
        if (taken.has(method)) continue;
        const answer = await admin.call(`${method} ${path}` as Call);
        refused(answer, '405 method_not_allowed');
        const allowed = (answer.headers['allow'] ?? '')
          .split(', ')
          .filter((one) => one !== 'HEAD' && one !== 'OPTIONS');
        deepStrictEqual(allowed.sort(), [...taken].sort(), path);
      }
      const options = expectStatus(204, await admin.call(`OPTIONS ${path}` as Call));
      ok(
        [...taken].every((method) => options.headers['allow']?.includes(method)),
        path,
      );
    }
  },

  'what is nowhere is not found': async ({ api }) => {
    for (const path of [
      '/',
      '/v1',
      '/v2/orders',
      '/v1/orders/',
      '/v1/carts',
      '/metrics',
      '/favicon.ico',
      `/v1/orders/${NOBODY}/nothing`,
    ]) {
      refused(await api.call(`GET ${path}` as Call), '404 not_found');
    }
  },

  'each answer has the id of its request: the one that came with it, if it is a sane one': async ({ api }) => {
    const idOf = async (headers = {}) => (await api.call('GET /livez', { headers })).headers['x-request-id'] ?? '';
    strictEqual(await idOf({ 'x-request-id': 'my-request-1' }), 'my-request-1');
    const [one, other] = [await idOf(), await idOf({ 'x-request-id': 'with spaces and <b>' })];
    match(one, /^[\w-]{8,}$/);
    match(other, /^[\w-]{8,}$/);
    notStrictEqual(one, other);
  },

  'a trace that a client has begun is carried on': async ({ alice, api }) => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-01`, tracestate: 'vendor=1' };
    strictEqual(refused(await api.call('GET /v1/nothing', { headers }), '404 not_found').traceId, traceId);
    strictEqual(
      refused(await alice.call(`GET /v1/orders/${NOBODY}`, { headers }), '404 order_not_found').traceId,
      traceId,
    );
    const broken = { traceparent: '00-xyz' };
    notStrictEqual(refused(await api.call('GET /v1/nothing', { headers: broken }), '404 not_found').traceId, traceId);
  },

  'each answer tells the limits and what is left of them': async ({ alice }) => {
    const { headers } = expectStatus(200, await alice.call('GET /v1/users/me'));
    match(headers['ratelimit-policy'] ?? '', /^"default";q=\d+;w=\d+$/);
    match(headers['ratelimit'] ?? '', /^"default";r=\d+;t=\d+$/);
  },

  'a list goes on where its cursor says, without a gap or a repetition': async ({ api, admin }) => {
    for (let at = 0; at < 3; at++) await admin.makeProduct();
    const all = await admin.all<ProductView>('/v1/products');
    const found: string[] = [];
    for (let cursor = ''; ; ) {
      const { body } = expectStatus(
        200,
        await api.call<Page<ProductView>>(`GET /v1/products?limit=2${cursor && `&cursor=${cursor}`}`),
      );
      ok(body.items.length <= 2);
      found.push(...body.items.map(({ id }) => id));
      if (body.nextCursor === null) break;
      cursor = body.nextCursor;
    }
    deepStrictEqual(
      found,
      all.map(({ id }) => id),
    );
    for (const query of ['limit=0', 'limit=101', 'limit=1.5', 'limit=many', 'limit=1&limit=2'])
      refused(await api.call(`GET /v1/products?${query}`), '400 invalid_request');
    refused(await api.call('GET /v1/products?cursor=%22x%22'), '400 bad_cursor');
    refused(await api.call('GET /v1/products/42'), '400 invalid_request');
  },

  'the keys that tokens are signed with are published': async ({ api }) => {
    const { body } = expectStatus(
      200,
      await api.call<{ keys: readonly Readonly<Record<string, string>>[] }>('GET /.well-known/jwks.json'),
    );
    ok(body.keys.length > 0);
    for (const key of body.keys) {
      ok(key['kid'] && ['EdDSA', 'ES256'].includes(key['alg'] ?? ''));
      strictEqual(key['d'], undefined);
    }
  },
};

async function expect401<
  A extends {
    readonly status: number;
    readonly body: unknown;
    readonly text: string;
    readonly headers: Readonly<Record<string, string>>;
  },
>(asked: Promise<A>): Promise<A> {
  const answer = await asked;
  refused(answer, '401 unauthenticated');
  return answer;
}
