import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { request as httpRequest, type IncomingMessage, type RequestListener } from 'node:http';
import { type TestContext, test } from 'node:test';
import { brotliDecompressSync } from 'node:zlib';
import { systemClock } from '@ashlar/domain';
import { InternalTokens } from './auth/internal-tokens.ts';
import { aClock, aGateway, aService, eventually, openSocket } from './gateway.fixtures.ts';
import type { GatewayOptions } from './gateway.ts';
import type { ProxyRoute } from './routing/route.ts';

/** One route before a service that answers as it is told; what is stored counts with its policies. */
async function aRoute(
  t: TestContext,
  policy: Partial<ProxyRoute>,
  { answer, ...options }: Partial<GatewayOptions> & { readonly answer: RequestListener },
) {
  const service = await aService(t, answer);
  const routes = [{ method: '*', path: '/*', upstream: 'shop', access: 'public', cache: true, ...policy } as const];
  return { service, ...(await aGateway(t, [service.url], { routes, limits: { default: [] }, ...options })) };
}

const JSON_HEADS = { 'content-type': 'application/json', 'cache-control': 'max-age=60' };
const product = JSON.stringify({ id: 1, cost: 'secret' });

const told = async (response: Response) => ({ headers: response.headers, text: await response.text() });

/** An answer as it came over the wire. */
async function rawAsk(url: string, headers: Readonly<Record<string, string>>, body = '') {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  httpRequest(url, { headers }, resolve).on('error', reject).end(body);
  const answer = await promise;
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return { status: answer.statusCode, headers: answer.headers, body: Buffer.concat(chunks) };
}

test('a stored answer is changed on its way to the client as the first one was', async (t) => {
  const response = { headers: { set: { 'x-outer': '1' } }, fields: ['id'] };
  const answer: RequestListener = (_, told) => void told.writeHead(200, JSON_HEADS).end(product);
  const { ask, service } = await aRoute(t, { response }, { answer });
  for (const status of [/fwd=uri-miss/, /hit/]) {
    const { headers, ...rest } = await told(await ask('/a'));
    match(headers.get('cache-status') ?? '', status);
    deepStrictEqual([headers.get('x-outer'), rest.text], ['1', '{"id":1}']);
  }
  strictEqual(service.seen.length, 1);
});

for (const [what, heads, asked] of [
  ['a part of it is asked for', { ...JSON_HEADS }, { range: 'bytes=0-99' }],
  ['it comes in part', { ...JSON_HEADS, 'content-range': 'bytes 0-23/24' }, {}],
  ['it comes compressed', { ...JSON_HEADS, 'content-encoding': 'gzip' }, { 'accept-encoding': 'gzip' }],
  ['it is called something else', { ...JSON_HEADS, 'content-type': 'text/plain' }, {}],
  ['it is JSON of a kind of its own', { ...JSON_HEADS, 'content-type': 'application/vnd.shop+json' }, {}],
] as const) {
  test(`fields that do not go on stay inside when ${what}`, async (t) => {
    const answer: RequestListener = ({ headers }, told) => {
      const isPart = headers.range !== undefined || 'content-range' in heads;
      told.writeHead(isPart ? 206 : 200, heads).end(isPart ? product.slice(0, -1) : product);
    };
    const { gateway } = await aRoute(t, { response: { fields: ['id'] } }, { answer });
    for (const _ of ['asked', 'stored']) {
      const { status, body } = await rawAsk(`${gateway.url}/a`, asked);
      ok(!body.includes('secret') && (status === 502 || body.toString() === '{"id":1}'), `${status} ${body}`);
    }
  });
}

test('what should be JSON and is none does not go on where it is looked into, and a page does', async (t) => {
  const answer: RequestListener = (_, told) => void told.writeHead(200, JSON_HEADS).end('{"cost": "secret"');
  const { ask } = await aRoute(t, { response: { body: { remove: ['cost'] } } }, { answer });
  strictEqual((await ask('/a')).status, 502);
  const page: RequestListener = (_, told) => void told.writeHead(200, { 'content-type': 'text/html' }).end('page');
  const other = await aRoute(t, { response: { body: { remove: ['cost'] } } }, { answer: page });
  strictEqual(await (await other.ask('/a')).text(), 'page');
});

test('a stored answer is compressed like the first one, and a 304 is about the compressed one', async (t) => {
  const text = 'long '.repeat(1_000);
  const heads = { 'content-type': 'text/plain', 'cache-control': 'max-age=60', etag: '"7"' };
  const answer: RequestListener = (_, told) => void told.writeHead(200, heads).end(text);
  const { gateway } = await aRoute(t, { compress: true }, { answer });
  const asked = { 'accept-encoding': 'br' };
  for (const status of [/fwd=uri-miss/, /hit/]) {
    const { headers, body } = await rawAsk(gateway.url, asked);
    match(String(headers['cache-status']), status);
    deepStrictEqual([headers['content-encoding'], headers.etag, headers.vary], ['br', 'W/"7"', 'accept-encoding']);
    strictEqual(brotliDecompressSync(body).toString(), text);
  }
  const { status, headers } = await rawAsk(gateway.url, { ...asked, 'if-none-match': 'W/"7"' });
  deepStrictEqual([status, headers.etag, headers.vary], [304, 'W/"7"', 'accept-encoding']);
});

for (const [accepted, coding] of [
  ['br;q=0.1, gzip', 'gzip'],
  ['gzip, br', 'br'],
  ['*', 'br'],
  ['*;q=0.5, br;q=0', 'gzip'],
  ['gzip;q=0.5, identity', undefined],
  ['gzip;q=0', undefined],
  ['gzip;q=0.000, *;q=0', undefined],
  ['', undefined],
] as const) {
  test(`who accepts "${accepted}" gets ${coding ?? 'plain text'}`, async (t) => {
    const answer: RequestListener = (_, told) =>
      void told.writeHead(200, { 'content-type': 'text/plain' }).end('long '.repeat(1_000));
    const { gateway } = await aRoute(t, { compress: true }, { answer });
    strictEqual((await rawAsk(gateway.url, { 'accept-encoding': accepted })).headers['content-encoding'], coding);
  });
}

test('what is refreshed behind the back of a client is asked for as the route says', async (t) => {
  const clock = aClock();
  const heads = { 'cache-control': 'max-age=1, stale-while-revalidate=60' };
  const answer: RequestListener = (_, told) => void told.writeHead(200, heads).end('a');
  const request = { headers: { set: { 'x-tenant': 't1' }, remove: ['cookie'] } };
  const { ask, service } = await aRoute(t, { request }, { answer, clock });
  const asked = { headers: { cookie: 'a=b' } };
  await (await ask('/a', asked)).text();
  clock.pass(2_000);
  await (await ask('/a', asked)).text();
  await eventually(() => service.seen.length === 2);
  for (const { headers } of service.seen) deepStrictEqual([headers['x-tenant'], headers.cookie], ['t1', undefined]);
});

test('a GET with a body is neither kept nor answered by what is', async (t) => {
  const heads = { 'cache-control': 'max-age=60' };
  const answer: RequestListener = (request, told) =>
    void told.writeHead(200, heads).end(`answer to ${request.headers['content-length'] ?? 'nothing'}`);
  const { gateway } = await aRoute(t, { body: 'any' }, { answer });
  const get = async (body?: string) => {
    const heads = body === undefined ? {} : { 'content-length': String(body.length) };
    return (await rawAsk(gateway.url, heads, body)).body.toString();
  };
  strictEqual(await get('evil'), 'answer to 4');
  strictEqual(await get(), 'answer to nothing');
  strictEqual(await get('evil'), 'answer to 4');
  strictEqual(await get(), 'answer to nothing');
});

test('what a service tells the holder of one key is not told to that of another', async (t) => {
  const sha256 = (key: string) => createHash('sha256').update(key).digest('hex');
  const apiKeys = ['one', 'other'].map((id) => ({ id, sha256: sha256(id) }));
  for (const heads of [
    { 'cache-control': 'max-age=60' },
    { 'cache-control': 'public, max-age=60', vary: 'authorization' },
  ]) {
    let count = 0;
    const answer: RequestListener = (_, told) => void told.writeHead(200, heads).end(`answer ${++count}`);
    const internalTokens = new InternalTokens(systemClock);
    const { ask } = await aRoute(t, { access: 'user' }, { answer, apiKeys, internalTokens });
    const as = async (key: string) => (await ask('/a', { headers: { 'x-api-key': key } })).text();
    deepStrictEqual([await as('one'), await as('other')], ['answer 1', 'answer 2']);
  }
});

test('what goes by the address of the client is told to nobody else', async (t) => {
  let count = 0;
  const heads = { 'cache-control': 'max-age=60', vary: 'x-forwarded-for' };
  const answer: RequestListener = (_, told) => void told.writeHead(200, heads).end(`answer ${++count}`);
  const { ask } = await aRoute(t, {}, { answer });
  deepStrictEqual([await (await ask('/a')).text(), await (await ask('/a')).text()], ['answer 1', 'answer 2']);
});

test('what a client names for its connection only chooses no answer for others', async (t) => {
  const answer: RequestListener = ({ headers }, told) =>
    void told
      .writeHead(200, { 'cache-control': 'max-age=60', vary: 'accept-language' })
      .end(headers['accept-language'] ?? 'none');
  const { gateway } = await aRoute(t, {}, { answer });
  const asked = async (headers: Readonly<Record<string, string>>): Promise<string> =>
    String((await rawAsk(`${gateway.url}/a`, { 'accept-language': 'de', ...headers })).body);
  strictEqual(await asked({ connection: 'close, Accept-Language' }), 'none');
  strictEqual(await asked({ connection: 'close' }), 'de');
});

test('credentials go on where nobody is verified, and make no answer one for everybody', async (t) => {
  const answer: RequestListener = ({ headers }, told) =>
    void told
      .writeHead(200, { 'cache-control': 'max-age=60' })
      .end(String(headers.authorization ?? headers['x-api-key'] ?? 'nobody'));
  const { gateway } = await aRoute(t, {}, { answer, verifier: undefined });
  const asked = async (headers: Readonly<Record<string, string>>): Promise<string> =>
    String((await rawAsk(`${gateway.url}/a`, headers)).body);
  for (const [name, value] of Object.entries({ authorization: 'Basic YTpi', 'x-api-key': 'secret' })) {
    strictEqual(await asked({ [name]: value, connection: 'close' }), value);
    strictEqual(await asked({ [name]: value, connection: `close, ${name}` }), value);
  }
  strictEqual(await asked({ connection: 'close' }), 'nobody');
});

test('who came by plain HTTP does not choose what others are told by TLS, and a change is one of both', async (t) => {
  const answer: RequestListener = ({ headers }, told) =>
    void told.writeHead(200, { 'cache-control': 'max-age=60' }).end(`${headers['x-forwarded-proto']}`);
  const { ask, service } = await aRoute(t, {}, { answer, trustedProxies: ['127.0.0.1'] });
  const by = async (scheme: string, method = 'GET') =>
    (await ask('/a', { method, headers: { 'x-forwarded-proto': scheme } })).text();
  deepStrictEqual([await by('http'), await by('https'), await by('https')], ['http', 'https', 'https']);
  strictEqual(service.seen.length, 2);
  await by('http', 'DELETE');
  await by('https');
  strictEqual(service.seen.length, 4);
});

for (const [what, heads] of Object.entries({
  'an endless answer': { 'cache-control': 'no-store' },
  'an answer that takes long': { 'cache-control': 'max-age=60' },
})) {
  test(`${what} does not hold up others who ask for the same`, { timeout: 20_000 }, async (t) => {
    const answer: RequestListener = (_, told) => void told.writeHead(200, heads).write('begun');
    const { gateway } = await aRoute(t, {}, { answer });
    const sockets = [await openSocket(t, gateway.url), await openSocket(t, gateway.url)];
    for (const socket of sockets) {
      const begun = new Promise<string>((resolve) => socket.once('data', (bytes) => resolve(bytes.toString())));
      socket.write('GET /a HTTP/1.1\r\nHost: a\r\n\r\n');
      match(await begun, /^HTTP\/1\.1 200 /);
    }
  });
}

test('what stands in for a failure was no hit: the service was asked', async (t) => {
  const clock = aClock();
  let isFailing = false;
  const answer: RequestListener = (_, told) =>
    void told.writeHead(isFailing ? 503 : 200, { 'cache-control': 'max-age=1, stale-if-error=60' }).end('a');
  for (const errors of ['passed', 'sealed'] as const) {
    isFailing = false;
    const { ask } = await aRoute(t, { errors }, { answer, clock });
    await (await ask('/a')).text();
    isFailing = true;
    clock.pass(2_000);
    const { headers, text } = await told(await ask('/a'));
    match(headers.get('cache-status') ?? '', /^ashlar; fwd=stale;(?: fwd-status=503;)? detail=ERROR$/);
    strictEqual(text, 'a');
  }
});

test('a cookie that is set for one client is not given to the next, unless it is for everybody', async (t) => {
  const kept: Record<string, boolean> = {};
  for (const directive of ['max-age=60', 'must-revalidate, max-age=60', 'public, max-age=60', 's-maxage=60']) {
    let count = 0;
    const answer: RequestListener = (_, told) => {
      count += 1;
      told.writeHead(200, { 'cache-control': directive, 'set-cookie': `session=${count}` }).end();
    };
    const { ask } = await aRoute(t, {}, { answer });
    const cookies = [(await ask('/a')).headers.get('set-cookie'), (await ask('/a')).headers.get('set-cookie')];
    kept[directive] = cookies[0] === cookies[1];
  }
  deepStrictEqual(kept, {
    'max-age=60': false,
    'must-revalidate, max-age=60': false,
    'public, max-age=60': true,
    's-maxage=60': true,
  });
});
