import { deepStrictEqual, match, strictEqual } from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { CheckoutCopy } from '../new-service/checkout-copy.ts';
import { expectStatus, Member } from '../shop/member.ts';
import { natsMissing } from '../shop/nats.ts';
import { type ShopOptions, ShopProcess } from '../shop/shop-process.ts';

interface HerdView {
  readonly id: string;
  readonly ownerId: string;
  readonly name: string;
}

/** Those that know which services there are; none of them gives these names. */
const TESTS = [
  'services/llama-herd',
  'services/llamas',
  'gateway/dist/routes',
  'cli/dist/contracts',
  'cli/dist/new-service',
];

test('new services build, pass their tests and every check, and take requests behind the gateway', async (t) => {
  const checkout = new CheckoutCopy(t);
  match(await checkout.ashlar('new', 'service', 'llama-herd'), /POST \/v1\/llama-herds/);
  await checkout.ashlar('new', 'service', 'llamas');
  await checkout.ashlar('check');
  match(await checkout.ashlar('test', ...TESTS), /fail 0/);
  // npm refuses a lockfile that does not say what the manifests say.
  await checkout.run('npm', ['ci', '--dry-run', '--offline', '--ignore-scripts']);
  const main = join(checkout.path, 'cli', 'dist', 'main.js');
  await t.test('in one process', (t) => shopping(t, { main }));
  await t.test('as processes', { skip: natsMissing }, (t) => shopping(t, { main, replicas: 'llama-herd=2' }));
});

async function shopping(t: TestContext, options: ShopOptions): Promise<void> {
  const shop = await ShopProcess.start(options);
  t.after(() => shop.stop());
  const [ann, bob] = [await Member.signUp(shop.api, 'Ann'), await Member.signUp(shop.api, 'Bob')];
  const body = { name: 'Plains' };
  const herd = expectStatus(201, await ann.call<HerdView>('POST /v1/llama-herds', { body })).body;
  deepStrictEqual([herd.ownerId, herd.name], [ann.id, 'Plains']);
  deepStrictEqual(await ann.all<HerdView>('/v1/llama-herds'), [herd]);
  strictEqual((await bob.call(`GET /v1/llama-herds/${herd.id}`)).status, 403);
  strictEqual((await shop.api.call('GET /v1/llama-herds')).status, 401);
  expectStatus(201, await bob.call('POST /v1/llamas', { body }));
  expectStatus(204, await ann.call(`DELETE /v1/llama-herds/${herd.id}`));
  deepStrictEqual(await ann.all('/v1/llama-herds'), []);
}
