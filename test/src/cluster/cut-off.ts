import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { startEmbeddedPostgres } from '@ashlar/postgres';
import { Availability } from '../chaos/availability.ts';
import { Network } from '../chaos/network.ts';
import { PassersBy } from '../chaos/passers-by.ts';
import { Load } from '../crash/load.ts';
import { ownNats } from '../replicas/own-nats.ts';
import { ownRedis } from '../replicas/own-redis.ts';
import { longestPauseMs } from '../replicas/survive-kills.ts';
import { SeededChance } from '../shop/chance.ts';
import { Databases } from '../shop/databases.ts';
import { invariantsIn } from '../shop/invariants.ts';
import { leasesHeld } from '../shop/leases-held.ts';
import { Member } from '../shop/member.ts';
import { eventually, inParallel } from '../shop/waiting.ts';
import { Cluster, type Servers } from './cluster.ts';

/** Those that are cut off, one of two. */
const CUT = ['order', 'payment'] as const;
const CUSTOMERS = 6;
const TAKEN_OVER_WITHIN_MS = 7_000;
/** Leases end after 5 s, as sessions do that stand still in a transaction; who waits for locks comes again later. */
const GOES_ON_WITHIN_MS = 25_000;
/** The gateway waits no longer for any answer. */
const ANSWERED_WITHIN_MS = 31_000;
/** Until the cut ends: leases have been taken over, sessions have been ended, and connections given up. */
const ORDERS_MEANWHILE = 60;

/**
 * One of two replicas of order and of payment loses the servers that it leans on while it holds leases: first alone, so
 * that it is still asked, then everybody. Packets are lost, and nobody hears of an end.
 */
export async function surviveCuts(t: TestContext): Promise<void> {
  // What was begun last ends first: the parts lean on the servers, and the servers on the network.
  const endings = new AsyncDisposableStack();
  t.after(() => endings.disposeAsync());
  const network = new Network();
  endings.defer(() => network.remove());
  const servers = await serversBeside(endings, network);
  const cluster = await Cluster.start({
    gateways: 1,
    servers,
    replicas: { order: 2, payment: 2 },
    place: (service, number) => (number === 2 && CUT.some((one) => one === service) ? network : undefined),
  });
  endings.defer(() => cluster.stop());
  const databases = new Databases(cluster);
  endings.defer(() => databases.close());
  const { load, passersBy, availability } = await thePeople(cluster);
  endings.defer(() => load.giveUp());
  load.start();
  passersBy.start();
  const stage = { t, cluster, databases, load };
  await cutOff(stage, 'the servers', { lose: () => network.loseServers(), mend: () => network.findAgain() });
  await cutOff(stage, 'everybody', { lose: () => network.loseEverybody(), mend: () => network.findAgain() });
  await passersBy.finish();
  await load.finish();
  const { orders } = await invariantsIn(cluster, databases, 90_000);
  for (const line of availability.lines()) t.diagnostic(line);
  const longest = Math.max(...orders.map(longestPauseMs));
  t.diagnostic(`${orders.length} orders, none of which stood still for more than ${longest} ms`);
  deepStrictEqual(load.faults, []);
  strictEqual(orders.filter(({ id }) => load.orderIds.includes(id)).length, load.orderIds.length);
  ok(longest <= GOES_ON_WITHIN_MS, `an order stood still for ${longest} ms`);
  ok(availability.slowestMs <= ANSWERED_WITHIN_MS, availability.lines().join('\n'));
}

interface Stage {
  readonly t: TestContext;
  readonly cluster: Cluster;
  readonly databases: Databases;
  readonly load: Load;
}

async function cutOff(
  { t, cluster, databases, load }: Stage,
  what: string,
  { lose, mend }: { readonly lose: () => void; readonly mend: () => void },
): Promise<void> {
  const held = (service: (typeof CUT)[number]) => leasesHeld(databases, service, `${service}-2`);
  for (const service of CUT)
    await eventually(`${service}-2 holds leases`, async () => (await held(service)) > 0, 60_000);
  const cutAt = performance.now();
  lose();
  for (const service of CUT)
    await eventually(`nothing is held by ${service}-2`, async () => (await held(service)) === 0, 60_000);
  const takenMs = performance.now() - cutAt;
  const enough = load.orderIds.length + ORDERS_MEANWHILE;
  await eventually('there are orders meanwhile', () => load.orderIds.length >= enough, 60_000);
  mend();
  const mendedAt = performance.now();
  for (const part of CUT.flatMap((service) => cluster.of(service))) await part.ready();
  const readyMs = performance.now() - mendedAt;
  for (const service of CUT)
    await eventually(`${service}-2 has its share again`, async () => (await held(service)) > 0, 60_000);
  t.diagnostic(
    `${what}: lost its leases after ${takenMs.toFixed(0)} ms, ready ${readyMs.toFixed(0)} ms after the mending`,
  );
  ok(takenMs <= TAKEN_OVER_WITHIN_MS, `${what}: its leases were held for ${takenMs} ms`);
}

/** PostgreSQL, NATS and Redis of the test's own, which both networks reach. */
async function serversBeside(endings: AsyncDisposableStack, { serversAddress: address }: Network): Promise<Servers> {
  const here = { address, enter: (program: string) => [program] as const, remove: () => {} };
  const directory = mkdtempSync(join(tmpdir(), 'ashlar-cut-'));
  endings.defer(() => rmSync(directory, { recursive: true, force: true }));
  const access = join(directory, 'pg_hba.conf');
  writeFileSync(access, 'host all all 0.0.0.0/0 scram-sha-256\n', { mode: 0o644 });
  const settings = { listen_addresses: '*', hba_file: access, max_connections: '300' };
  const postgres = await startEmbeddedPostgres({ directory: join(directory, 'postgres'), settings });
  endings.defer(() => postgres.stop());
  const nats = await ownNats(here);
  endings.defer(() => nats.remove());
  const redis = await ownRedis(here);
  endings.defer(() => redis.remove());
  const databaseUrl = new URL(postgres.url);
  databaseUrl.hostname = address;
  return { databaseUrl: databaseUrl.href, natsUrl: nats.url, redisUrl: redis.url, host: address };
}

async function thePeople(cluster: Cluster) {
  const admin = await cluster.admin();
  const { id } = await admin.makeProduct({ price: 100, pieces: 100_000 });
  const customers = await inParallel(2, CUSTOMERS, () => Member.withMoney(cluster.api, 1_000_000));
  const [chance, availability] = [new SeededChance(), new Availability()];
  const people = { customers, productIds: [id], chance, firstAnswer: availability.note };
  const load = new Load({ ...people, perSecond: 8 });
  return { load, availability, passersBy: new PassersBy({ ...people, orderIds: load.orderIds, perSecond: 10 }) };
}
