import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Delivery } from '@ashlar/messaging';
import { aMessage } from '@ashlar/messaging/contract-suites';
import { databaseMissing, eventually } from '@ashlar/postgres';
import { aNamespace } from './nats.fixtures.ts';
import { connectNatsBus } from './nats-bus.ts';
import { NatsServer, natsServerMissing } from './nats-server.fixtures.ts';
import { anOfficeDatabase, disorder, effectsIn, Office, type OfficeOptions } from './office.fixtures.ts';

const skip = databaseMissing || natsServerMissing;
const KEYS = 20;

async function setUp(t: TestContext) {
  const database = await anOfficeDatabase();
  const server = await NatsServer.start(t);
  const offices: Office[] = [];
  t.after(async () => {
    for (const office of offices) await office.close();
    await database.drop();
  });
  const namespace = aNamespace();
  const open = async (options: Partial<OfficeOptions> = {}) => {
    const office = await Office.open({
      ...{ databaseUrl: database.url, natsUrl: server.url, namespace, replica: 'office-1' },
      ...options,
    });
    offices.push(office);
    return office;
  };
  return { server, namespace, open };
}

const untilPublished = ({ db }: Office, count: number) =>
  eventually(`${count} are published`, async () => {
    const rows = await db.query('select 1 from outbox where published_at is not null');
    return rows.length === count;
  });

const untilHandled = ({ db }: Office, to: number) =>
  eventually(`all are handled up to ${to}`, async () => (await effectsIn(db)).length >= KEYS * to);

test('schedules 2.1 and 2.4: what a broker has answered for and lost is published again by itself', {
  skip,
}, async (t) => {
  const { server, open } = await setUp(t);
  const speaker = await open({ replica: 'office-1', isDeaf: true });
  await speaker.file(KEYS, { from: 1, to: 5 });
  await untilPublished(speaker, 5 * KEYS);
  await server.stop();
  server.loseEverything();
  await server.start();
  const listener = await open({ replica: 'office-2' });
  await untilHandled(listener, 5);
  deepStrictEqual(disorder(await effectsIn(listener.db), KEYS, 5), []);
  ok([...speaker.errors, ...listener.errors].some((error) => /The broker has lost/.test(String(error))));
});

test('schedule 2.1: a service that was away while its broker lost everything publishes it again at its return', {
  skip,
}, async (t) => {
  const { server, open } = await setUp(t);
  const before = await open({ isDeaf: true });
  await before.file(KEYS, { from: 1, to: 3 });
  await untilPublished(before, 3 * KEYS);
  await before.close();
  await server.stop();
  server.loseEverything();
  await server.start();
  const after = await open();
  await untilHandled(after, 3);
  deepStrictEqual(disorder(await effectsIn(after.db), KEYS, 3), []);
});

test('schedule 2.1: what a stream lost that was deleted under everybody is published again at the next thing said', {
  skip,
}, async (t) => {
  const { server, namespace, open } = await setUp(t);
  const speaker = await open({ isDeaf: true });
  await speaker.file(KEYS, { from: 1, to: 3 });
  await untilPublished(speaker, 3 * KEYS);
  await server.deleteStream(`${namespace}_office_events`);
  const listener = await open({ replica: 'office-2' });
  await speaker.file(1, { from: 4 });
  await untilHandled(listener, 3);
  ok(speaker.errors.some((error) => /gives number 1 again/.test(String(error))));
});

test('schedule 2.1: whoever reads a stream that is made anew tells its sources, which may have nothing to say', {
  skip: natsServerMissing,
}, async (t) => {
  const server = await NatsServer.start(t);
  const namespace = aNamespace();
  const connected = async (replica: string) => {
    const bus = await connectNatsBus({ url: server.url, namespace, replica });
    t.after(() => bus.close());
    return bus;
  };
  const [source, reader] = [await connected('one'), await connected('two')];
  let told = 0;
  source.custody.onLoss(() => void told++);
  const heard: string[] = [];
  const deliver = ({ message, ack }: Delivery) => {
    heard.push(message.id);
    ack();
  };
  await source.publish([aMessage('k', 1)]);
  const reading = reader.subscribe({ consumer: 'desk', channels: ['shop.events'], deliver });
  t.after(() => reading.close());
  await eventually('it is heard', () => heard.length === 1);
  strictEqual(told, 0);
  await server.deleteStream(`${namespace}_shop_events`);
  await eventually('the source is told', () => told > 0);
});

test('schedule 2.3: a consumer whose place lies beyond the end of the stream begins again, and misses nothing', {
  skip,
}, async (t) => {
  const { server, namespace, open } = await setUp(t);
  const office = await open();
  await office.file(KEYS, { from: 1, to: 3 });
  await untilHandled(office, 3);
  await server.stop('SIGTERM');
  const loseTheEnd = server.remember(`${namespace}_office_events`);
  await server.start();
  await office.file(KEYS, { from: 4, to: 6 });
  await untilHandled(office, 6);
  await server.stop('SIGTERM');
  loseTheEnd();
  await server.start();
  await office.file(KEYS, { from: 7, to: 8 });
  await untilHandled(office, 8);
  deepStrictEqual(disorder(await effectsIn(office.db), KEYS, 8), []);
  ok(office.errors.some((error) => /it begins again/.test(String(error))));
});
