import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type TestContext, test } from 'node:test';
import { aClock, aGateway, aService, eventually } from './gateway.fixtures.ts';
import type { CachePolicy, Route } from './routing/route.ts';

type Heads = Readonly<Record<string, string>>;

/** A service whose answers count themselves, behind a gateway that keeps them. */
async function aCache(t: TestContext, heads: Heads, policy: CachePolicy = {}) {
  const clock = aClock();
  let answer: (request: IncomingMessage, response: ServerResponse, count: number) => void = (_, response, count) =>
    void response.writeHead(200, { date: clock.now().toUTCString(), ...heads }).end(`answer ${count}`);
  const service = await aService(t, (request, response) => answer(request, response, service.seen.length));
  const routes: readonly Route[] = [
    { method: '*', path: '/*', upstream: 'shop', access: 'public', body: 'any', errors: 'passed', cache: policy },
  ];
  const { ask, gateway } = await aGateway(t, [service.url], { routes, limits: { default: [] }, clock });
  const get = async (path = '/a', headers: Heads = {}) => {
    const response = await ask(path, { headers: { 'cache-control': 'x', ...headers } });
    return { response, status: response.status, text: await response.text() };
  };
  const text = async (path?: string, headers?: Heads) => (await get(path, headers)).text;
  const answers = (now: typeof answer) => {
    answer = now;
  };
  return { ask, get, text, answers, clock, service, gateway };
}

test('what is fresh is answered from the cache, with its age, until it is not', async (t) => {
  const { get, text, clock } = await aCache(t, { 'cache-control': 'max-age=10', age: '2' });
  strictEqual(await text(), 'answer 1');
  clock.pass(7_500);
  const { response, text: again } = await get();
  deepStrictEqual([again, response.headers.get('age')], ['answer 1', '9']);
  match(response.headers.get('cache-status') ?? '', /^ashlar; hit; ttl=0$/);
  clock.pass(1_000);
  strictEqual(await text(), 'answer 2');
});

for (const [why, heads] of Object.entries({
  'is private': { 'cache-control': 'private, max-age=60' },
  'may not be stored': { 'cache-control': 'No-Store, max-age=60' },
  'varies by everything': { 'cache-control': 'max-age=60', vary: 'a, *' },
  'tells no lifetime': {},
  'tells one that is none': { 'cache-control': "max-age='60'" },
  'has expired when it comes': { expires: '0' },
  'is forbidden to shared caches by a targeted field': {
    'cache-control': 'max-age=60',
    'cdn-cache-control': 'no-store',
  },
})) {
  test(`an answer that ${why} is never told twice`, async (t) => {
    const { text } = await aCache(t, heads);
    deepStrictEqual([await text(), await text()], ['answer 1', 'answer 2']);
  });
}

for (const expires of [
  'Thu, 18 Aug 2050 02:01:18 GMT',
  'THU, 18 AUG 2050 02:01:18 gmt',
  'Thursday, 18-Aug-50 02:01:18 GMT',
  'thu aug 18 02:01:18 2050',
  'Tue, 19 Jan 2038 14:14:08 GMT',
]) {
  test(`an answer is told again before ${expires}`, async (t) => {
    const { text } = await aCache(t, { expires });
    deepStrictEqual([await text(), await text()], ['answer 1', 'answer 1']);
  });
}

test('what was asked with credentials is stored only where the service says that it is for everybody', async (t) => {
  const asAlice = { authorization: 'Bearer alice' };
  const closed = await aCache(t, { 'cache-control': 'max-age=60' });
  deepStrictEqual([await closed.text('/a', asAlice), await closed.text()], ['answer 1', 'answer 2']);
  const open = await aCache(t, { 'cache-control': 'public, max-age=60' });
  deepStrictEqual([await open.text('/a', asAlice), await open.text()], ['answer 1', 'answer 1']);
});

test('each variant is kept for those who ask alike, however they write it', async (t) => {
  const { text } = await aCache(t, { 'cache-control': 'max-age=60', vary: 'Accept-Language, X-Shop' });
  const asked = [{ 'accept-language': 'de, en' }, { 'accept-language': 'fr' }, { 'accept-language': 'EN,de' }];
  const told = [];
  for (const headers of asked) told.push(await text('/a', headers));
  deepStrictEqual(told, ['answer 1', 'answer 2', 'answer 1']);
});

test('what is stale is validated, and a 304 brings it up to date', async (t) => {
  const { get, answers, clock, service } = await aCache(t, { 'cache-control': 'max-age=1', etag: '"1"' });
  await get();
  clock.pass(2_000);
  answers((_, response) => void response.writeHead(304, { 'cache-control': 'max-age=60', 'x-new': 'yes' }).end());
  const validated = await get();
  deepStrictEqual([validated.text, validated.response.headers.get('x-new')], ['answer 1', 'yes']);
  strictEqual(service.seen[1]?.headers['if-none-match'], '"1"');
  strictEqual((await get('/a', { 'if-none-match': 'W/"1"' })).status, 304);
  strictEqual(service.seen.length, 2);
});

test('a part of what is stored is told as a part', async (t) => {
  const { get } = await aCache(t, { 'cache-control': 'max-age=60' });
  await get();
  const part = await get('/a', { range: 'bytes=-1' });
  deepStrictEqual([part.status, part.text, part.response.headers.get('content-range')], [206, '1', 'bytes 7-7/8']);
  strictEqual((await get('/a', { range: 'bytes=9-' })).status, 416);
});

test('while it is asked anew a stale answer serves, as long as the service allows', async (t) => {
  const { text, clock, service } = await aCache(t, { 'cache-control': 'max-age=1, stale-while-revalidate=5' });
  await text();
  clock.pass(2_000);
  strictEqual(await text(), 'answer 1');
  await eventually(async () => service.seen.length === 2 && (await text()) === 'answer 2');
  clock.pass(7_000);
  strictEqual(await text(), 'answer 3');
});

test('a stale answer stands in for one that fails, where that is allowed', async (t) => {
  const { text, get, answers, clock } = await aCache(t, { 'cache-control': 'max-age=1, stale-if-error=60' });
  await text();
  clock.pass(2_000);
  answers((_, response) => void response.writeHead(503).end('down'));
  strictEqual(await text(), 'answer 1');
  answers((request) => request.socket.destroy());
  strictEqual(await text(), 'answer 1');
  clock.pass(60_000);
  strictEqual((await get()).status, 503);
  const strict = await aCache(t, { 'cache-control': 'max-age=1, must-revalidate, stale-if-error=60' });
  await strict.text();
  strict.clock.pass(2_000);
  strict.answers((_, response) => void response.writeHead(503).end('down'));
  strictEqual(await strict.text(), 'down');
});

test('requests for the same at the same time ask the service once', async (t) => {
  const { text, answers, service } = await aCache(t, {});
  const { promise: may, resolve: go } = Promise.withResolvers<void>();
  answers(async (_, response) => {
    await may;
    response.writeHead(200, { 'cache-control': 'max-age=60' }).end('once');
  });
  const all = Array.from({ length: 20 }, () => text());
  await eventually(() => service.seen.length === 1);
  go();
  ok((await Promise.all(all)).every((told) => told === 'once'));
  strictEqual(service.seen.length, 1);
});

test('a change makes its address and the places it names forgotten, and a failed one changes nothing', async (t) => {
  const { text, ask, answers } = await aCache(t, { 'cache-control': 'max-age=60' });
  await text();
  await text('/b');
  answers((_, response, count) => {
    response.writeHead(201, { location: '/b', 'cache-control': 'max-age=60' }).end(`answer ${count}`);
  });
  await ask('/a', { method: 'POST', body: 'x' });
  deepStrictEqual([await text('/a'), await text('/b')], ['answer 4', 'answer 5']);
  answers((_, response) => void response.writeHead(500).end());
  await ask('/a', { method: 'DELETE' });
  strictEqual(await text('/a'), 'answer 4');
});

test('what has a tag is forgotten when an event says so', async (t) => {
  const { text, gateway } = await aCache(
    t,
    { 'cache-control': 'max-age=60', 'cache-tag': 'product-7, x' },
    { tags: ['all'] },
  );
  await text('/a');
  await text('/b');
  strictEqual(gateway.purge('product-7'), 2);
  strictEqual(await text('/a'), 'answer 3');
  strictEqual(gateway.purge('all'), 1);
  strictEqual(gateway.purge('all'), 0);
});

const DOUBTS: Readonly<Record<string, (all: Awaited<ReturnType<typeof aCache>>) => Promise<unknown>>> = {
  'an unsafe request': ({ ask }) => ask('/a', { method: 'POST', body: 'x' }),
  'an event': async ({ gateway }) => gateway.purge('a'),
};

for (const [what, change] of Object.entries(DOUBTS)) {
  test(`an answer that was under way when ${what} made it doubtful is not stored`, async (t) => {
    const all = await aCache(t, { 'cache-control': 'max-age=60' });
    const held = Promise.withResolvers<ServerResponse>();
    all.answers((request, response, count) => {
      if (request.method === 'GET' && count === 1) return held.resolve(response);
      response.writeHead(200, { 'cache-control': 'max-age=60' }).end(`answer ${count}`);
    });
    const old = all.text();
    const response = await held.promise;
    await change(all);
    response.writeHead(200, { 'cache-control': 'max-age=60', 'cache-tag': 'a' }).end('old');
    strictEqual(await old, 'old');
    match(await all.text(), /^answer/);
  });
}

test('a change elsewhere keeps no answer under way from being stored', async (t) => {
  const all = await aCache(t, { 'cache-control': 'max-age=60' });
  const held = Promise.withResolvers<ServerResponse>();
  all.answers((request, response) => {
    if (request.url === '/a' && request.method === 'GET') return held.resolve(response);
    response.writeHead(200).end();
  });
  const asked = all.text('/a');
  const response = await held.promise;
  await all.ask('/elsewhere', { method: 'POST', body: 'x' });
  all.gateway.purge('elsewhere');
  response.writeHead(200, { 'cache-control': 'max-age=60' }).end('kept');
  strictEqual(await asked, 'kept');
  strictEqual((await all.ask('/a')).headers.get('cache-status')?.startsWith('ashlar; hit'), true);
});
