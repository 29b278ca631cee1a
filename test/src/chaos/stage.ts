import type { TestContext } from 'node:test';
import { Load } from '../crash/load.ts';
import { ownNats } from '../replicas/own-nats.ts';
import { ownRedis } from '../replicas/own-redis.ts';
import type { Elsewhere, OwnServer } from '../replicas/own-server.ts';
import { SeededChance } from '../shop/chance.ts';
import { SERVICES } from '../shop/databases.ts';
import { Member } from '../shop/member.ts';
import { STYLES } from '../shop/shop.ts';
import { ShopProcess } from '../shop/shop-process.ts';
import { inParallel } from '../shop/waiting.ts';
import { Availability } from './availability.ts';
import { PassersBy } from './passers-by.ts';
import { Witnesses } from './witnesses.ts';

/** Two replicas of everything, on servers of their own, and people who use them. */
export interface Stage {
  readonly shop: ShopProcess;
  readonly nats: OwnServer;
  readonly redis: OwnServer;
  readonly chance: SeededChance;
  readonly load: Load;
  readonly passersBy: PassersBy;
  readonly witnesses: Witnesses;
  readonly availability: Availability;
  readonly purse: number;
}

const CUSTOMERS = 12;
const WITNESSES = 2;
const PRODUCTS = 4;
const PURSE = 1_000_000;
const PER_SECOND = 6;
const LOOKS_PER_SECOND = 14;

export async function setTheStage(t: TestContext, elsewhere?: Elsewhere): Promise<Stage> {
  const chance = new SeededChance();
  const saga = STYLES[chance.seed % STYLES.length]!;
  t.diagnostic(`SEED=${chance.seed} ${saga}`);
  const [nats, redis] = [await ownNats(elsewhere), await ownRedis(elsewhere)];
  const starting = ShopProcess.start({
    saga,
    ownDatabase: true,
    replicas: SERVICES.map((name) => `${name}=2`).join(','),
    environment: { NATS_URL: nats.url, REDIS_URL: redis.url },
  });
  const stop = () => starting.then((running) => running.stop());
  const remove = () => Promise.all([nats.remove(), redis.remove()]).finally(() => elsewhere?.remove());
  t.after(() => stop().finally(remove));
  const shop = await starting;
  const people = await thePeople(shop, chance);
  t.after(() => people.load.giveUp());
  t.after(() => people.passersBy.giveUp());
  t.after(() => people.witnesses.giveUp());
  people.load.start();
  people.passersBy.start();
  people.witnesses.start();
  return { shop, nats, redis, chance, ...people, purse: PURSE };
}

async function thePeople(shop: ShopProcess, chance: SeededChance) {
  const admin = await shop.admin();
  const products = await inParallel(2, PRODUCTS, () => admin.makeProduct({ price: 100, pieces: 100_000 }));
  const customers = await inParallel(4, CUSTOMERS, () => Member.withMoney(shop.api, PURSE));
  const availability = new Availability();
  const productIds = products.map(({ id }) => id);
  const people = { customers: customers.slice(WITNESSES), productIds, chance, firstAnswer: availability.note };
  const load = new Load({ ...people, perSecond: PER_SECOND });
  const passersBy = new PassersBy({ ...people, orderIds: load.orderIds, perSecond: LOOKS_PER_SECOND });
  const ordered = (id: string) => void load.orderIds.push(id);
  const witnesses = new Witnesses({ customers: customers.slice(0, WITNESSES), productIds, ordered });
  return { load, passersBy, witnesses, availability };
}
