import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { OrderView, ProductView, SessionView, ShopApi } from '@ashlar/cli';
import { Availability } from '../chaos/availability.ts';
import { PassersBy } from '../chaos/passers-by.ts';
import { Load } from '../crash/load.ts';
import { SeededChance } from '../shop/chance.ts';
import { invariants } from '../shop/invariants.ts';
import { anAddress, expectStatus, Member } from '../shop/member.ts';
import { eventually, inParallel } from '../shop/waiting.ts';
import type { Cluster } from './cluster.ts';

const WRITES = 300;
const AT_ONCE = 6;
const CUSTOMERS = 6;
const SIGN_INS_A_MINUTE = 10;
/** A gateway that says nothing is left out after two checks, a second apart. */
const ANSWERED = 40;
/** A service that has read its keys just now reads none for five seconds. */
const KEYS_READ_MS = 5_500;
const PURSE = 1_000_000;

/** What two gateways promise together, each by a test of its own. */
export function twoGateways(cluster: () => Cluster): void {
  test('reads straight after their writes see them, whichever gateway answers', (t) => readsSeeWrites(t, cluster()));

  test('a limit is one limit for both', () => limitIsOne(cluster()));

  test('what is changed through one is not told by the other from memory', () => purgesReachBoth(cluster()));

  test('a session that has ended at one has ended at the other, and at every service', () => endsReachBoth(cluster()));

  test('one dies under load and comes back, and whoever reads does not notice', (t) => oneDies(t, cluster()));

  test('another key takes the place of theirs under load, and no request fails', (t) => keyIsChanged(t, cluster()));
}

async function readsSeeWrites(t: TestContext, cluster: Cluster): Promise<void> {
  const { api, balancer } = cluster;
  const product = await (await cluster.admin()).makeProduct({ price: 100, pieces: 100_000 });
  const customers = await inParallel(AT_ONCE, AT_ONCE, () => Member.withMoney(api, PURSE));
  const before = await balancer!.counts();
  const stale: string[] = [];
  await inParallel(AT_ONCE, WRITES, async (at) => {
    const customer = customers[at % AT_ONCE]!;
    const body = { items: [{ productId: product.id, quantity: 1 }], currency: 'USD', shippingAddress: anAddress };
    const taken = expectStatus(202, await customer.call<OrderView>('POST /v1/orders', { body }));
    const headers = { 'consistency-token': taken.headers['consistency-token']! };
    const read = await customer.call<OrderView>(`GET /v1/orders/${taken.body.id}`, { headers });
    if (read.status !== 200 || read.body.id !== taken.body.id) stale.push(`${read.status} ${read.text}`);
  });
  deepStrictEqual(stale, []);
  const after = await balancer!.counts();
  const shares = after.map(({ name, requests }) => requests - before.find((one) => one.name === name)!.requests);
  t.diagnostic(`${WRITES} reads after their writes; of all requests the gateways had ${shares.join(' and ')}`);
  for (const share of shares) ok(share > WRITES / 4, `nobody is bound to a gateway: ${shares}`);
}

async function limitIsOne(cluster: Cluster): Promise<void> {
  const member = await Member.signUp(cluster.api);
  const body = { email: member.email, password: 'not the right one' };
  const ask = async (api: ShopApi) => (await api.call('POST /v1/sessions', { body })).status;
  await withBoth(cluster, async (both) => {
    // He has signed in once, by one of them.
    for (let count = 1; count < SIGN_INS_A_MINUTE; count++) strictEqual(await ask(both[count % 2]!), 401);
    deepStrictEqual([await ask(both[0]), await ask(both[1])], [429, 429]);
  });
}

async function purgesReachBoth(cluster: Cluster): Promise<void> {
  const admin = await cluster.admin();
  const { id } = await admin.makeProduct({ price: 100, pieces: 1 });
  // What is stored is stored for the name by which it was asked, and clients know one name for all gateways.
  const headers = { host: new URL(cluster.url).host };
  const call = `/v1/products/${id}` as const;
  await withBoth(cluster, async ([one, other]) => {
    const ways: string[] = [];
    for (const name of ['Jug', 'Bowl', 'Plate']) {
      const isStored = async () => (await other.call(`GET ${call}`, { headers })).headers['age'] !== undefined;
      await eventually('the other one answers from memory', isStored);
      expectStatus(200, await one.call(`PATCH ${call}`, { token: admin.token, body: { name }, headers }));
      await eventually(`the other one tells ${name}`, async () => {
        const answer = await other.call<ProductView>(`GET ${call}`, { headers });
        if (answer.body.name === name) ways.push(answer.headers['cache-status'] ?? '');
        return answer.body.name === name;
      });
    }
    // After a second it would have asked by itself, and have found it stale.
    ok(
      ways.some((way) => way.includes('uri-miss')),
      `nobody has told the other one: ${ways.join('; ')}`,
    );
  });
}

async function endsReachBoth(cluster: Cluster): Promise<void> {
  const { email, password } = await Member.signUp(cluster.api);
  await withBoth(cluster, async ([one, other]) => {
    const signedIn = await one.call<SessionView>('POST /v1/sessions', { body: { email, password } });
    const { accessToken: token } = expectStatus(201, signedIn).body;
    strictEqual((await other.call('GET /v1/orders', { token })).status, 200);
    strictEqual((await one.call('DELETE /v1/sessions', { token })).status, 204);
    await eventually(
      'the other refuses it',
      async () => (await other.call('GET /v1/orders', { token })).status === 401,
    );
    for (const { url, part } of cluster.services) {
      const headers = { authorization: `Bearer ${token}` };
      const path = part === 'order' ? '/v1/orders' : '/ops/traces';
      strictEqual((await fetch(url + path, { headers })).status, 401, `${part} believes the gateways only`);
    }
  });
}

async function withBoth(cluster: Cluster, work: (both: readonly [ShopApi, ShopApi]) => Promise<void>): Promise<void> {
  const both = [cluster.throughGateway(0), cluster.throughGateway(1)] as const;
  await work(both).finally(() => Promise.all(both.map((api) => api.close())));
}

async function oneDies(t: TestContext, cluster: Cluster): Promise<void> {
  const victim = cluster.gateways[0]!;
  await underLoad(t, cluster, async (load) => {
    victim.signal('SIGKILL');
    await load.moreAnswers(ANSWERED);
    await cluster.balancer!.sees(1);
    await victim.end('SIGKILL');
    victim.start();
    await victim.ready();
    await cluster.balancer!.sees(2);
    await load.moreAnswers(ANSWERED);
  });
}

async function keyIsChanged(t: TestContext, cluster: Cluster): Promise<void> {
  const { use, forgetOthers } = cluster.keys.announce();
  const announcedAt = performance.now();
  const { retried } = await underLoad(t, cluster, async (load) => {
    await eventually('every service may read its keys again', () => performance.now() - announcedAt > KEYS_READ_MS);
    use();
    await load.moreAnswers(4 * ANSWERED);
  });
  strictEqual(retried, 0);
  forgetOthers();
}

/** People shop and look meanwhile; whoever looks is answered at once, and whoever shops in the end. */
async function underLoad(
  t: TestContext,
  cluster: Cluster,
  meanwhile: (load: Load) => Promise<void>,
): Promise<{ readonly retried: number }> {
  const { api } = cluster;
  const admin = await cluster.admin();
  const { id } = await admin.makeProduct({ price: 100, pieces: 100_000 });
  const customers = await inParallel(2, CUSTOMERS, () => Member.withMoney(api, PURSE));
  const [chance, availability] = [new SeededChance(), new Availability()];
  const people = { customers, productIds: [id], chance };
  const load = new Load({ ...people, perSecond: 15 });
  const passersBy = new PassersBy({
    ...people,
    orderIds: load.orderIds,
    perSecond: 25,
    firstAnswer: availability.note,
  });
  t.after(() => load.giveUp());
  load.start();
  passersBy.start();
  try {
    await meanwhile(load);
  } finally {
    await passersBy.finish();
  }
  await load.finish();
  const [looks] = availability.parts;
  for (const line of availability.lines()) t.diagnostic(line);
  t.diagnostic(`${load.answered} orders and payments, ${load.retried} requests sent again`);
  deepStrictEqual([load.faults, availability.share(looks!)], [[], 1], availability.lines().join('\n'));
  const { orders } = await invariants(cluster);
  strictEqual(orders.filter((order) => load.orderIds.includes(order.id)).length, load.orderIds.length);
  return load;
}
