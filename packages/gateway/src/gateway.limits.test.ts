import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { aClock, aGateway, aService, bearer, problemOf, verifier } from './gateway.fixtures.ts';

const rateLimit = ({ status, headers }: Response) => [status, headers.get('ratelimit')];

test('each answer tells the limit and what is left of it', async (t) => {
  const service = await aService(t);
  const { ask } = await aGateway(t, [service.url], { clock: aClock() });
  const response = await ask('/v1/products');
  strictEqual(response.headers.get('ratelimit-policy'), '"default";q=400;w=2');
  strictEqual(response.headers.get('ratelimit'), '"default";r=399;t=1');
  strictEqual((await ask('/v1/nothing')).headers.get('ratelimit'), '"default";r=398;t=1');
  strictEqual((await ask('/livez')).headers.get('ratelimit'), null);
});

test('past the limit the answer is 429 with the time to wait, and it is open again after that', async (t) => {
  const service = await aService(t);
  const clock = aClock();
  const { ask, gateway } = await aGateway(t, [service.url], { clock, rateLimitFactor: 0.01 });
  for (let count = 0; count < 4; count++) strictEqual((await ask('/v1/products')).status, 200);
  const refused = await ask('/v1/products');
  deepStrictEqual(rateLimit(refused), [429, '"default";r=0;t=2']);
  strictEqual(refused.headers.get('retry-after'), '1');
  strictEqual((await problemOf(refused)).code, 'rate_limited');
  strictEqual(service.seen.length, 4);
  clock.pass(1_000);
  strictEqual((await ask('/v1/products')).status, 200);
  const metrics = await (await fetch(gateway.metricsUrl)).text();
  ok(metrics.includes('gateway_rate_limited_total{limit="default"} 1'));
});

test('signed-in users have a limit each, wherever they come from', async (t) => {
  const service = await aService(t);
  const { ask } = await aGateway(t, [service.url], { clock: aClock(), rateLimitFactor: 0.005 });
  const as = (token: string) => ask('/v1/orders/7', { headers: bearer(token) });
  deepStrictEqual(rateLimit(await as('alice')), [200, '"default";r=1;t=1']);
  strictEqual((await as('alice')).status, 200);
  strictEqual((await as('alice')).status, 429);
  strictEqual((await as('bob')).status, 200);
});

test('an address that has used up its limit gets no more signatures checked, but known tokens go on', async (t) => {
  const service = await aService(t);
  let checked = 0;
  const counting = {
    verify: (token: string) => {
      checked += 1;
      return verifier.verify(token);
    },
  };
  const options = { clock: aClock(), rateLimitFactor: 0.005, verifier: counting };
  const { ask } = await aGateway(t, [service.url], options);
  const as = (token: string) => ask('/v1/orders/7', { headers: bearer(token) });
  strictEqual((await as('alice')).status, 200);
  const statuses = [];
  for (const token of ['forged1', 'forged2', 'forged3', 'bob']) statuses.push((await as(token)).status);
  deepStrictEqual(statuses, [401, 401, 429, 429]);
  strictEqual(checked, 3);
  strictEqual((await as('alice')).status, 200);
});

test('an e-mail address has ten sign-ins a minute, however it is spelled and whatever the factor', async (t) => {
  const service = await aService(t);
  const clock = aClock();
  const { sendJson } = await aGateway(t, [service.url], { clock, rateLimitFactor: 100 });
  const signIn = (email: string) => sendJson('/v1/sessions', { email, password: 'x' });
  const first = await signIn('Alice@Example.com');
  strictEqual(first.headers.get('ratelimit-policy'), '"sign-in";q=30000;w=60, "e-mail";q=10;w=60');
  strictEqual(first.headers.get('ratelimit'), '"sign-in";r=29999;t=60, "e-mail";r=9;t=60');
  for (let count = 1; count < 10; count++) strictEqual((await signIn(' alice@example.com ')).status, 200);
  const refused = await signIn('ALICE@example.com');
  deepStrictEqual([refused.status, refused.headers.get('retry-after')], [429, '60']);
  strictEqual((await signIn('bob@example.com')).status, 200);
  clock.pass(60_000);
  strictEqual((await signIn('alice@example.com')).status, 200);
  strictEqual(service.seen.length, 12);
});

test('an accent that is typed in two ways is no second e-mail address', async (t) => {
  const service = await aService(t);
  const { sendJson } = await aGateway(t, [service.url], { clock: aClock() });
  const signIn = (email: string) => sendJson('/v1/sessions', { email, password: 'x' });
  for (let count = 0; count < 10; count++) strictEqual((await signIn('ren\u00e9e@example.com')).status, 200);
  strictEqual((await signIn('rene\u0301e@example.com')).status, 429);
});

test('there are so many sign-ins a minute for a client address', async (t) => {
  const service = await aService(t);
  const clock = aClock();
  const { sendJson } = await aGateway(t, [service.url], { clock, rateLimitFactor: 0.01 });
  const signIn = (email: string) => sendJson('/v1/sessions', { email });
  for (const name of ['a', 'b', 'c']) strictEqual((await signIn(name)).status, 200);
  strictEqual((await signIn('d')).status, 429);
  clock.pass(60_000);
  strictEqual((await signIn('d')).status, 200);
});

test('a sign-in that is no JSON is refused, and one without an e-mail address is left to the service', async (t) => {
  const service = await aService(t);
  const { ask, sendJson } = await aGateway(t, [service.url]);
  const headers = { 'content-type': 'application/json' };
  const refused = await ask('/v1/sessions', { method: 'POST', body: '{', headers });
  deepStrictEqual([refused.status, (await problemOf(refused)).code], [400, 'malformed_json']);
  strictEqual((await sendJson('/v1/sessions', [1])).status, 200);
  strictEqual((await sendJson('/v1/sessions', { email: 7 })).status, 200);
});
