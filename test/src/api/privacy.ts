import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { OrderView, Page, ShipmentView, UserView } from '@ashlar/cli';
import { Databases, SERVICES } from '../shop/databases.ts';
import { leaks } from '../shop/leaks.ts';
import { type Customer, expectStatus, Member } from '../shop/member.ts';
import { eventually } from '../shop/waiting.ts';
import type { Stage, StageTests } from './stage.ts';

const KEEPERS = ['user', 'order', 'shipping'] as const;

/** Somebody whose data nobody else has. */
function someoneElse() {
  const mark = randomUUID().slice(0, 8);
  const address = { name: `Zoe ${mark}`, line1: `${mark} Hidden Lane`, line2: `Door ${mark}`, city: `Ulm-${mark}` };
  const person = { email: `zoe-${mark}@example.net`, password: 'correct horse battery', name: `Zoe Alias ${mark}` };
  return {
    person,
    shippingAddress: { ...address, postalCode: `P-${mark}`, country: 'DE' },
    secrets: [...Object.values(address), `P-${mark}`, person.email, person.name],
  };
}

type Someone = ReturnType<typeof someoneElse>;

/** With a key, so that the answer is kept. */
const keyed = () => ({ headers: { 'idempotency-key': randomUUID() } });

/** All that a customer can do that makes somebody write down who they are or where they live. */
async function shopping({ api, admin, cup }: Stage, { person, shippingAddress }: Someone) {
  expectStatus(201, await api.call<UserView>('POST /v1/users', { body: person, ...keyed() }));
  const member = await Member.signIn(api, person);
  await member.deposit((await member.openAccount('USD')).id, 1_000_000);
  const items = [{ productId: cup.id, quantity: 1 }];
  const order = async (country: string) => {
    const body = { items, currency: 'USD', shippingAddress: { ...shippingAddress, country } };
    return expectStatus(202, await member.call<OrderView>('POST /v1/orders', { body, ...keyed() })).body.id;
  };
  const first = await order('DE');
  const { shipmentId } = await member.settled(first, 'confirmed');
  const second = await order('DE');
  await member.settled(second, 'confirmed');
  await member.settled(await order('AQ'), 'rejected');
  await member.call(`POST /v1/orders/${await order('DE')}/cancellation`, { body: {}, ...keyed() });
  for (const move of ['dispatch', 'delivery'] as const) {
    const moved = await admin.call<ShipmentView>(`POST /v1/shipments/${shipmentId}/${move}`, { body: {}, ...keyed() });
    deepStrictEqual(expectStatus(200, moved).body.address, shippingAddress);
  }
  return { member, orders: [first, second], shipmentId: shipmentId! };
}

/** What is stored open is found: in a text, in JSON, in bytes, and in base64, at every service. */
async function planted(databases: Databases, secret: string): Promise<string[]> {
  const values = [
    secret,
    JSON.stringify({ secret }),
    Buffer.from(secret),
    Buffer.from(`a ${secret}`).toString('base64'),
  ];
  const columns = ['text', 'jsonb', 'bytea', 'text'];
  const found: string[] = [];
  for (const service of SERVICES) {
    for (const [at, type] of columns.entries()) {
      const table = `planted_${at}`;
      await databases.query(service, `create table ${table} (secret ${type})`);
      await databases.query(service, `insert into ${table} values ($1::${type})`, [values[at]]);
      found.push(...(await leaks(databases, [secret])));
      await databases.query(service, `drop table ${table}`);
    }
  }
  return found;
}

async function keysOf(databases: Databases, userId: string): Promise<(Buffer | null)[]> {
  const sql = 'select key from personal_keys where owner = $1';
  const rows = KEEPERS.map((service) => databases.query<{ key: Buffer | null }>(service, sql, [userId]));
  return (await Promise.all(rows)).map(([row]) => row!.key);
}

export const privacy: StageTests = {
  'who a customer is and where they live is stored nowhere but sealed, and once they leave nobody can read it': async (
    stage,
  ) => {
    const { shop, admin } = stage;
    const databases = new Databases(shop);
    try {
      const someone = someoneElse();
      const { member, orders, shipmentId } = await shopping(stage, someone);
      deepStrictEqual((await member.orderNow(orders[0]!)).shippingAddress, someone.shippingAddress);
      deepStrictEqual((await member.get<UserView>('/v1/users/me')).email, someone.person.email);
      deepStrictEqual(await leaks(databases, someone.secrets), []);
      const keys = await keysOf(databases, member.id);
      strictEqual(new Set(keys.map((key) => key?.toString('hex'))).size, KEEPERS.length);
      ok(keys.every((key) => key?.length === 32));

      expectStatus(204, await member.call('DELETE /v1/users/me'));
      await eventually('the keys are gone', async () => (await keysOf(databases, member.id)).every((key) => !key));
      deepStrictEqual(await leaks(databases, [...someone.secrets, ...keys.map((key) => key!)]), []);
      for (const id of orders) {
        const order = await admin.orderNow(id);
        deepStrictEqual([order.shippingAddress, order.total.amount], [undefined, 1_000]);
      }
      const shipment = await admin.get<ShipmentView>(`/v1/shipments/${shipmentId}`);
      deepStrictEqual([shipment.address, shipment.status], [undefined, 'delivered']);
      deepStrictEqual(
        someone.secrets.filter((secret) => shop.output.includes(secret)),
        [],
        'The log has told.',
      );
    } finally {
      await databases.close();
    }
  },

  'the empty account of who leaves is closed and can be archived; one with money in it stays': async ({
    api,
    admin,
  }) => {
    const [rich, poor] = [await Member.withMoney(api, 1_000), await Member.withMoney(api, 0)];
    for (const member of [rich, poor]) expectStatus(204, await member.call('DELETE /v1/users/me'));
    const lastOf = async ({ account }: Customer) => (await admin.entries(account.id))[0]!.type;
    await eventually('it is closed', async () => (await lastOf(poor)) === 'AccountClosed');
    const archived = expectStatus(
      200,
      await admin.call<Page<{ streams: number; service: string }>>('POST /ops/archive'),
    );
    const streams = archived.body.items.filter(({ service }) => service === 'payment').map((one) => one.streams);
    ok(streams.length === 1 && streams[0]! >= 1, JSON.stringify(archived.body));
    deepStrictEqual([await lastOf(poor), await lastOf(rich)], ['AccountClosed', 'MoneyDeposited']);
    strictEqual((await admin.accountNow(poor.account.id)).balance.amount, 0);
  },

  'whoever looks for what was stored open finds it, in every form and at every service': async (stage) => {
    const databases = new Databases(stage.shop);
    try {
      const secret = `Hidden Lane ${randomUUID()}`;
      const expected = SERVICES.flatMap((service) =>
        [0, 1, 2, 3].map((at) => `${service}.public.planted_${at} has ${secret}`),
      );
      deepStrictEqual(await planted(databases, secret), expected);
      const { id } = await stage.alice.order({ productId: stage.cup.id });
      await stage.alice.settled(id, 'confirmed');
      const tables = (await leaks(databases, [id])).map((leak) => leak.split(' has ')[0]);
      for (const table of ['orders', 'sagas', 'outbox', 'inbox']) ok(tables.includes(`order.public.${table}`), table);
      for (const table of ['public.shipments', 'public.inbox', 'jobs.job_common'])
        ok(
          tables.some((one) => one?.startsWith(`shipping.${table}`)),
          table,
        );
    } finally {
      await databases.close();
    }
  },
};
