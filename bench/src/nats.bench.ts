import { randomBytes } from 'node:crypto';
import { connectNatsBus, dropNatsNamespace } from '@ashlar/messaging-nats';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { openDatabase } from './bench-database.ts';
import { quantile } from './closed-loop.ts';
import { atEnd, isQuick, measure } from './lifetime.ts';
import { MessageLine } from './message-line.ts';
import { openLoop } from './open-loop.ts';
import { circumstances, figure, ms, print, type Table } from './report.ts';

/** The claim: what is committed travels over JetStream to a handler with an inbox about as fast as it is written. */
const ROUNDS = isQuick ? 1 : 5;
const MESSAGES = isQuick ? 2_000 : 20_000;
const IN_A_TRANSACTION = 50;
const WRITERS = 8;
const LAG = { perSecond: 50, forMs: isQuick ? 2_000 : 20_000 };
const RAW_IN_FLIGHT = 1_000;

const url = process.env['NATS_URL'] ?? 'nats://127.0.0.1:4222';
/** As long as one of the messages that are compared with it. */
const BODY = 'x'.repeat(560);

const wait = () => new Promise((done) => setTimeout(done, 1));

/** So many messages a second, published by the library alone, and stored. */
async function raw(connection: NatsConnection, subject: string): Promise<number> {
  const js = jetstream(connection);
  const began = performance.now();
  let open = 0;
  for (let n = 0; n < MESSAGES; n++) {
    while (open >= RAW_IN_FLIGHT) await wait();
    open += 1;
    js.publish(subject, BODY, { msgID: `${began} ${n}` }).finally(() => {
      open -= 1;
    });
  }
  while (open > 0) await wait();
  return (MESSAGES * 1_000) / (performance.now() - began);
}

/** The same number, from the first commit to the last handler. */
async function committed(line: MessageLine, heard: Map<number, number>, round: number): Promise<number> {
  heard.clear();
  let handled = 0;
  onHeard = () => {
    handled += 1;
  };
  const began = performance.now();
  let next = 0;
  const writer = async (number: number) => {
    while (next < MESSAGES) {
      const from = next;
      next += IN_A_TRANSACTION;
      const keys = Array.from({ length: IN_A_TRANSACTION }, (_, index) => `r${round}-${from + index}`);
      await line.sayAll(keys, number);
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, (_, number) => writer(number)));
  while (handled < MESSAGES) await wait();
  return (MESSAGES * 1_000) / (performance.now() - began);
}

let onHeard = (): void => {};

async function lag(line: MessageLine, heard: Map<number, number>): Promise<string[]> {
  heard.clear();
  onHeard = () => {};
  const said = new Map<number, number>();
  await openLoop(LAG, async (number) => {
    await line.say(`lag-${number}`, number);
    said.set(number, performance.now());
  });
  const patience = performance.now() + 10_000;
  while (heard.size < said.size && performance.now() < patience) await wait();
  const lags = [...said].map(([number, at]) => Math.max(0, (heard.get(number) ?? Infinity) - at));
  const what = `commit to handler at ${LAG.perSecond}/s`;
  return [what, String(lags.length), ms(quantile(lags, 0.5)), ms(quantile(lags, 0.99)), ms(Math.max(...lags))];
}

async function throughput(line: MessageLine, heard: Map<number, number>, connection: NatsConnection): Promise<Table> {
  const subject = `bench-${randomBytes(4).toString('hex')}`;
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: subject, subjects: [subject] });
  const rates: { raw: number; own: number }[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    console.error(`  nats: round ${round} of ${ROUNDS}`);
    const rate = { raw: await raw(connection, subject), own: await committed(line, heard, round) };
    // The first one warms up.
    if (round > 0 || isQuick) rates.push(rate);
  }
  await manager.streams.delete(subject);
  const of = (pick: (rate: { raw: number; own: number }) => number) => quantile(rates.map(pick), 0.5);
  return {
    head: [`${figure(MESSAGES)} messages`, 'per second', '× raw publish'],
    rows: [
      ['raw JetStream publish, acknowledged', figure(of((rate) => rate.raw)), ''],
      [
        'Ashlar: commit, outbox, JetStream, inbox, handler',
        figure(of((rate) => rate.own)),
        of(({ raw, own }) => own / raw).toFixed(2),
      ],
    ],
  };
}

await measure(async () => {
  const connection = await connect({ servers: url, timeout: 1_000, noAsyncTraces: true }).catch(() => undefined);
  if (!connection) return print('Over NATS', { tables: [], notes: [`Not measured: nobody answers at ${url}.`] });
  atEnd(() => connection.close());
  const namespace = `bench-${randomBytes(4).toString('hex')}`;
  atEnd(() => dropNatsNamespace({ url, namespace }));
  const bus = await connectNatsBus({ url, namespace, replica: 'bench', onError: console.error });
  atEnd(() => bus.close());
  const database = await openDatabase([]);
  const heard = new Map<number, number>();
  const hear = async ({ number }: { number: number }) => {
    heard.set(number, performance.now());
    onHeard();
  };
  const line = await MessageLine.open(database.url, hear, bus);
  const tables = [await throughput(line, heard, connection)];
  tables.push({ head: ['lag', 'messages', 'p50 ms', 'p99 ms', 'most, ms'], rows: [await lag(line, heard)] });
  print('Over NATS', {
    tables,
    notes: [
      circumstances({ 'nats-server': connection.info?.version }),
      `${WRITERS} writers, ${IN_A_TRANSACTION} messages a transaction; every key is new; the handler does nothing.`,
      'Writers, publisher and consumer are one process here, which is where the time goes.',
    ],
  });
});
