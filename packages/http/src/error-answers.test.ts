import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { DomainError, type Fault } from '@ashlar/domain';
import { ConcurrencyError, UnknownCommitError } from '@ashlar/postgres';
import { createTelemetry } from '@ashlar/telemetry';
import Type from 'typebox';
import { aServer, logTo } from './server.fixtures.ts';

const lines: Record<string, unknown>[] = [];
const errors: Record<string, Error> = {
  cause: new Error('select secret from host db-1.internal'),
  race: new ConcurrencyError('Order 7'),
  commit: new UnknownCommitError('lost'),
  cut: Object.assign(new Error('connect ECONNREFUSED 10.0.0.7:5432'), { code: 'ECONNREFUSED' }),
  full: Object.assign(new Error('could not extend file "base/1/2" at 10.0.0.7'), { code: '53100' }),
  unique: Object.assign(new Error('duplicate key'), { code: '23505' }),
};
const config = { access: 'public' } as const;
const Body = Type.Object({
  amount: Type.Integer(),
  note: Type.Optional(Type.String()),
  deep: Type.Optional(Type.Object({ x: Type.String() })),
});

const server = await aServer(
  async (http) => {
    http.get('/refusals/:fault', { config }, async ({ params }) => {
      throw new DomainError('some_code', (params as { fault: Fault }).fault, 'A sentence.');
    });
    http.get('/failures/:name', { config }, async ({ params }) => {
      throw errors[(params as { name: string }).name];
    });
    http.post('/things', { config, schema: { body: Body } }, async ({ body }) => body);
    http.post('/things/:id/dispatch', { config }, async () => ({ done: true }));
    http.delete('/things/:id', { config }, async (_request, reply) => reply.code(204).send());
  },
  {
    telemetry: createTelemetry({ service: 'order', logLevel: 'debug', logTo: logTo(lines) }),
    errors: (error) => (error === errors['unique'] ? new DomainError('email_taken', 'conflict', 'Taken.') : undefined),
  },
);

const postJson = (payload: string | Buffer, headers = {}) =>
  server.inject({
    method: 'POST',
    url: '/things',
    headers: { 'content-type': 'application/json', ...headers },
    payload,
  });

test('a refusal by a business rule is a problem with its code, and its fault decides the status', async () => {
  const expected: Record<Fault, number> = {
    malformed: 400,
    unauthenticated: 401,
    payment_required: 402,
    forbidden: 403,
    not_found: 404,
    conflict: 409,
    precondition: 412,
    invalid: 422,
    unavailable: 503,
  };
  for (const [fault, status] of Object.entries(expected)) {
    const response = await server.inject({ url: `/refusals/${fault}?secret=1` });
    strictEqual(response.statusCode, status, fault);
    match(String(response.headers['content-type']), /^application\/problem\+json/);
    const { traceId, ...problem } = response.json();
    match(traceId, /^[0-9a-f]{32}$/);
    strictEqual(problem.instance, `/refusals/${fault}`);
    strictEqual(problem.code, 'some_code');
    strictEqual(problem.type, 'urn:ashlar:problem:some_code');
    strictEqual(problem.detail, 'A sentence.');
    strictEqual(problem.status, status);
    strictEqual(response.headers['cache-control'], 'no-store');
    ok(problem.title);
  }
  strictEqual((await server.inject({ url: '/refusals/unavailable' })).headers['retry-after'], '1');
});

test('what nobody expected is told as internal without its cause, and logged with its stack', async () => {
  lines.length = 0;
  const response = await server.inject({ url: '/failures/cause' });
  strictEqual(response.statusCode, 500);
  strictEqual(response.json().code, 'internal');
  strictEqual(/secret|db-1|select/.test(response.body), false);
  const logged = lines.find(({ level }) => level === 50) as { err: { stack: string }; traceId: string };
  match(logged.err.stack, /error-answers\.test/);
  strictEqual(logged.traceId, response.json().traceId);
});

test('a database that is busy or away is told as 503 with Retry-After', async () => {
  for (const [name, code] of [
    ['race', 'busy'],
    ['commit', 'outcome_unknown'],
    ['cut', 'unavailable'],
    ['full', 'unavailable'],
  ] as const) {
    const response = await server.inject({ url: `/failures/${name}` });
    strictEqual(response.statusCode, 503);
    strictEqual(response.json().code, code);
    strictEqual(response.headers['retry-after'], '1');
    strictEqual(response.body.includes('10.0.0.7'), false);
  }
});

test('the service may make a refusal of an error that it knows', async () => {
  strictEqual((await server.inject({ url: '/failures/unique' })).json().code, 'email_taken');
});

test('an unknown path is 404, and a known one with another method 405 with Allow', async () => {
  const unknown = await server.inject({ url: '/nowhere' });
  strictEqual(unknown.statusCode, 404);
  strictEqual(unknown.json().code, 'not_found');
  const wrong = await server.inject({ method: 'PUT', url: '/things/7?x=1' });
  strictEqual(wrong.statusCode, 405);
  strictEqual(wrong.json().code, 'method_not_allowed');
  strictEqual(wrong.headers['allow'], 'DELETE');
  strictEqual((await server.inject({ method: 'DELETE', url: '/refusals/invalid' })).headers['allow'], 'GET, HEAD');
});

test('a body that does not fit is refused with everything that is wrong with it', async () => {
  const response = await postJson(JSON.stringify({ amount: '5', extra: 1, deep: { x: 'a', y: 1 } }));
  strictEqual(response.statusCode, 400);
  strictEqual(response.json().code, 'invalid_request');
  const paths = response
    .json()
    .errors.map(({ path }: { path: string }) => path)
    .sort();
  deepStrictEqual(paths, ['/amount', '/deep/y', '/extra']);
  strictEqual((await postJson('')).statusCode, 400);
});

test('integers that JavaScript cannot tell apart are refused', async () => {
  strictEqual((await postJson('{"amount": 9007199254740993}')).statusCode, 400);
  strictEqual((await postJson('{"amount": 1e300}')).statusCode, 400);
  strictEqual((await postJson('{"amount": 9007199254740991}')).statusCode, 200);
});

test('text that PostgreSQL cannot keep is refused before it gets there', async () => {
  for (const body of ['{"amount":1,"note":"a\\u0000b"}', '{"amount":1,"note":"\\ud800"}']) {
    const response = await postJson(body);
    strictEqual(response.statusCode, 400, body);
    strictEqual(response.json().errors[0].path, '/note');
  }
  strictEqual((await postJson('{"amount":1,"note":"\\ud83d\\ude00"}')).statusCode, 200);
  strictEqual((await server.inject({ url: '/refusals/a%00b' })).statusCode, 400);
  strictEqual((await server.inject({ url: '/refusals/invalid?q=%00' })).statusCode, 400);
});

test('what is not JSON is malformed_json: broken, polluting, not UTF-8, or bottomless', async () => {
  for (const body of ['{', '{"__proto__":{"x":1},"amount":1}', Buffer.from([0x22, 0xff, 0x22])]) {
    const response = await postJson(body);
    strictEqual(response.statusCode, 400);
    strictEqual(response.json().code, 'malformed_json');
  }
  match((await postJson('{"__proto__":{}}')).json().detail, /__proto__/);
  strictEqual((await postJson('['.repeat(100_000) + ']'.repeat(100_000))).statusCode, 400);
});

test('another content type is 415, and more than 1 MiB is 413', async () => {
  const form = await postJson('a=1', { 'content-type': 'application/x-www-form-urlencoded' });
  strictEqual(form.statusCode, 415);
  strictEqual(form.json().code, 'unsupported_media_type');
  strictEqual((await postJson('hello', { 'content-type': 'text/plain' })).statusCode, 415);
  const large = await postJson(JSON.stringify({ amount: 1, note: 'x'.repeat(1_048_576) }));
  strictEqual(large.statusCode, 413);
  strictEqual(large.json().code, 'payload_too_large');
});

test('a route without a body takes an empty one that calls itself JSON', async () => {
  const headers = { 'content-type': 'application/json' };
  strictEqual((await server.inject({ method: 'POST', url: '/things/7/dispatch', headers })).statusCode, 200);
  strictEqual((await server.inject({ method: 'POST', url: '/things/7/dispatch' })).statusCode, 200);
  strictEqual((await server.inject({ method: 'DELETE', url: '/things/7', headers })).statusCode, 204);
});

test('what is sent where no body is asked for is refused, not ignored', async () => {
  for (const [method, url] of [
    ['POST', '/things/7/dispatch'],
    ['DELETE', '/things/7'],
  ] as const) {
    strictEqual((await server.inject({ method, url, payload: {} })).statusCode < 300, true);
    const unknown = await server.inject({ method, url, payload: { force: true } });
    strictEqual(unknown.statusCode, 400);
    deepStrictEqual(unknown.json().errors, [{ path: '/force', message: 'is not a known field' }]);
    const endless = await server.inject({ method, url, payload: { ['k'.repeat(500_000)]: 1 } });
    deepStrictEqual(endless.json().errors, [{ path: `/${'k'.repeat(100)}`, message: 'is not a known field' }]);
    strictEqual((await server.inject({ method, url, payload: [1] })).statusCode, 400);
  }
});

test('an address that is not percent-encoded as it should be is 400', async () => {
  for (const url of ['/refusals/%zz', '/refusals/invalid?q=%zz', '/refusals/%c3%28', '/refusals/invalid?q=%ed%a0%80']) {
    const response = await server.inject({ url });
    strictEqual(response.statusCode, 400, url);
    strictEqual(response.json().code, 'malformed_url');
    match(String(response.headers['content-type']), /problem\+json/);
    ok(response.headers['x-request-id']);
  }
});

test('what is not HTTP, or has too large a header, still gets a problem', async () => {
  const port = Number(new URL(await server.listen({ host: '127.0.0.1', port: 0 })).port);
  for (const [bytes, status] of [
    ['NONSENSE\r\n\r\n', 400],
    [`GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
  ] as const) {
    const socket = connect(port, '127.0.0.1');
    socket.write(bytes);
    const [head, body] = (await text(socket)).split('\r\n\r\n') as [string, string];
    match(head, new RegExp(`^HTTP/1.1 ${status} .*problem\\+json`, 's'));
    strictEqual(JSON.parse(body).status, status);
  }
  await server.close();
});
