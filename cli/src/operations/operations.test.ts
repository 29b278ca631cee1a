import { deepStrictEqual, match, rejects, strictEqual, throws } from 'node:assert/strict';
import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readConfiguration } from '../configuration.ts';
import { DataDirectory } from '../data-directory.ts';
import { parseCounts } from '../replica-counts.ts';
import { SERVICES } from '../topology/shop-services.ts';
import { eventLines } from './event-lines.ts';
import { operate } from './operations.ts';
import { table } from './table.ts';

/** A shop that answers by a table, to the administrator only, and takes the first sign-ins for too many. */
async function aShop(t: TestContext, answers: Readonly<Record<string, unknown>>, signInsRefused = 0) {
  const seen: string[] = [];
  let refusals = signInsRefused;
  const server = createServer((request, response) => {
    const call = `${request.method} ${request.url}`;
    seen.push(call);
    const isSignIn = call === 'POST /v1/sessions';
    if (isSignIn && refusals-- > 0) return void response.writeHead(429, { 'retry-after': '0' }).end('{}');
    const answer = isSignIn ? { accessToken: 'token' } : answers[call];
    const found: unknown = isAllowed(request) && typeof answer === 'function' ? answer() : answer;
    const status = !isSignIn && !isAllowed(request) ? 401 : isSignIn ? 201 : found === undefined ? 404 : 200;
    const body = found ?? { detail: 'There is no such thing.', errors: [{ path: ':id', message: 'is not known' }] };
    request.resume().once('end', () => response.writeHead(status).end(JSON.stringify(body)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const data = mkdtempSync(join(tmpdir(), 'ashlar-cli-'));
  writeFileSync(join(data, 'admin.json'), JSON.stringify({ email: 'a@b.example', password: 'correct horse' }));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { seen, data, url, run: (...args: string[]) => ashlar([...args, '--url', url, '--data', data]) };
}

const isAllowed = ({ headers }: IncomingMessage): boolean => headers.authorization === 'Bearer token';

async function ashlar([command = '', ...args]: readonly string[], told: string[] = []): Promise<string> {
  const printed: string[] = [];
  const tell = (text: string) => void told.push(text);
  await operate(command, args, { environment: {}, print: (text) => printed.push(text), tell });
  return printed.join('\n');
}

const letter = (id: string) => ({ id, consumer: 'order.checkout', key: 'k', type: 't', sequence: 1, status: 'dead' });

test('dead letters are told as a table or as JSON, all pages of them', async (t) => {
  const { run } = await aShop(t, {
    'GET /ops/dead-letters?status=dead&limit=100': { items: [letter('1')], nextCursor: 'next' },
    'GET /ops/dead-letters?status=dead&limit=100&cursor=next': { items: [letter('2')], nextCursor: null },
  });
  const asTable = await run('dead-letters', '--status', 'dead');
  strictEqual(asTable.split('\n').length, 3);
  match(asTable, /^ID {2}CONSUMER {8}KEY/);
  deepStrictEqual(JSON.parse(await run('dead-letters', '--status', 'dead', '--json')), [letter('1'), letter('2')]);
});

test('a command goes on with the token of the one before, and signs in where that is over or of another', async (t) => {
  const { run, seen, data } = await aShop(t, { 'GET /ops/sagas?limit=100': { items: [], nextCursor: null } });
  const signIns = () => seen.filter((call) => call === 'POST /v1/sessions').length;
  for (let times = 0; times < 3; times++) await run('sagas');
  strictEqual(signIns(), 1);
  const file = join(data, 'administrator-token');
  strictEqual(statSync(file).mode & 0o777, 0o600);
  const kept = JSON.parse(readFileSync(file, 'utf8'));
  for (const other of [{ token: 'of yesterday' }, { url: 'http://elsewhere' }, { email: 'b@b.example' }]) {
    writeFileSync(file, JSON.stringify({ ...kept, ...other }));
    const before = signIns();
    await run('sagas');
    strictEqual(signIns(), before + 1, JSON.stringify(other));
  }
  writeFileSync(file, 'torn {');
  await run('sagas');
  deepStrictEqual(JSON.parse(readFileSync(file, 'utf8')), kept);
});

test('replay, discard, retry and rebuild are what the shop is asked for', async (t) => {
  const done = { id: '7' };
  const { run, seen } = await aShop(t, {
    'POST /ops/dead-letters/7/replay': done,
    'DELETE /ops/dead-letters/7': done,
    'POST /ops/sagas/7/retry': done,
    'POST /ops/projections/order.catalogue/rebuild': done,
  });
  for (const words of ['dead-letters replay 7', 'dead-letters discard 7', 'sagas retry 7']) {
    deepStrictEqual(JSON.parse(await run(...words.split(' '), '--json')), done);
  }
  await run('projections', 'rebuild', 'order.catalogue');
  strictEqual(seen.filter((call) => call.includes('/ops/')).length, 4);
});

test('republish names the service and the moment, and tells how much is on its way', async (t) => {
  const since = '2026-01-31T12:00:00.000Z';
  const { run } = await aShop(t, {
    [`POST /ops/events/republish?service=order&since=${encodeURIComponent(since)}`]: {
      ...{ service: 'order', since, messages: 12 },
    },
  });
  const said = await run('events', 'republish', '--service', 'order', '--since', '2026-01-31T13:00+01:00');
  strictEqual(said, `12 messages that order has said since ${since} are on their way again.`);
});

test('what is used wrongly, unknown or not there is told in one line', async (t) => {
  const { run } = await aShop(t, {});
  const wrong: [string[], string, RegExp][] = [
    [['dead-letters', 'repaly', '7'], 'UsageError', /It is used as: ashlar dead-letters/],
    [['sagas', 'retry'], 'UsageError', /It is used as: ashlar sagas/],
    [['events', 'republish', '--service', 'order'], 'UsageError', /events republish --service SERVICE --since TIME/],
    [['events', 'republish', '--service', 'order', '--since', 'noon'], 'UsageError', /--since is a time/],
    [['events', '--bogus'], 'UsageError', /^Unknown option '--bogus': --help tells the options\.$/],
    [['events'], 'UsageError', /It is used as: ashlar events CORRELATION-ID/],
    [['projections', '--jsno'], 'UsageError', /jsno/],
    [['sagas', 'retry', '7'], 'OperationError', /^the shop answers 404: There is no such thing\. :id is not known$/],
  ];
  for (const [args, name, message] of wrong) await rejects(run(...args), { name, message });
  await rejects(ashlar(['sagas', '--url', 'http://127.0.0.1:1', '--data', '/nowhere']), {
    name: 'OperationError',
    message: 'there is no admin.json in /nowhere: name the data directory with --data.',
  });
});

const replica = (name: string, status = 'ready') => ({ replica: name, pid: 7, status, url: '', breakers: [] });

/** A shop that answers with the next of these each time, with the last one for good. */
const inTurn = (...views: readonly unknown[]) => {
  const left = [...views];
  return () => (left.length > 1 ? left.shift() : left[0]);
};

test('scaling is done when every replica that is wanted is ready', async (t) => {
  const order = (...replicas: readonly unknown[]) => ({ items: [{ service: 'order', replicas }] });
  const { run, seen } = await aShop(t, {
    'PUT /ops/services/order': { service: 'order', replicas: 2 },
    'GET /ops/services': inTurn(
      order(replica('order-1')),
      order(replica('order-1'), replica('order-2', 'starting')),
      order(replica('order-1'), replica('order-2')),
    ),
  });
  const rows = JSON.parse(await run('scale', 'order=2', '--json')) as { replica: string; status: string }[];
  deepStrictEqual(
    rows.map(({ replica: name, status }) => `${name} ${status}`),
    ['order-1 ready', 'order-2 ready'],
  );
  strictEqual(seen.filter((call) => call === 'GET /ops/services').length, 4);
});

test('replicas are a table, with the state of each breaker', async (t) => {
  const broken = { ...replica('order-1'), url: 'u', breakers: [{ name: 'carrier', state: 'open', failureRate: 1 }] };
  const { run } = await aShop(t, { 'GET /ops/services': { items: [{ service: 'order', replicas: [broken] }] } });
  strictEqual(
    await run('services'),
    'SERVICE  REPLICA  PID  STATUS  URL  VERSION  STARTEDAT  BREAKERS\n' +
      'order    order-1  7    ready   u    -        -          carrier open',
  );
});

test('a correlation id under which nothing was said is told, and no empty line', async (t) => {
  const { run } = await aShop(t, { 'GET /ops/events?correlationId=nope': { items: [] } });
  strictEqual(await run('events', 'nope'), 'No message is known under this correlation id.');
  strictEqual(await run('events', 'nope', '--json'), '[]');
});

test('a restart is followed to its end, and one that has stopped is told', async (t) => {
  const running = { state: 'running', replaced: [], left: ['order-1'] };
  const failed = { state: 'failed', replaced: [], left: ['order-1'], error: 'It does not start.' };
  const { run, seen } = await aShop(t, {
    'POST /ops/restart': running,
    'GET /ops/restart': inTurn(running, { ...running, state: 'done' }, failed),
    'GET /ops/services': { items: [{ service: 'order', replicas: [replica('order-2')] }] },
  });
  match(await run('restart', 'order'), /order-2/);
  strictEqual(seen.filter((call) => call === 'GET /ops/restart').length, 2);
  await rejects(run('restart'), { name: 'OperationError', message: /It does not start.*left as they were: order-1/ });
});

test('a command that is wrong is told so before anybody is asked', async (t) => {
  const { run, seen } = await aShop(t, {});
  for (const words of [['scale', 'order=x'], ['scale'], ['sagas', 'show', '7'], ['events']]) {
    await rejects(run(...words), { name: 'UsageError' });
  }
  deepStrictEqual(seen, []);
});

test('a command waits for as long as the shop says when there were too many sign-ins, and not for ever', async (t) => {
  const patient = await aShop(t, { 'GET /ops/services': { items: [] } }, 2);
  const told: string[] = [];
  await ashlar(['services', '--url', patient.url, '--data', patient.data], told);
  deepStrictEqual(told, Array(2).fill('The shop takes no more sign-ins for now; going on in 0 s …'));
  const { run } = await aShop(t, { 'GET /ops/services': { items: [] } }, 3);
  await rejects(run('services'), { name: 'OperationError', message: /the shop answers 429/ });
});

test('replicas are counted as order=2, each service once and between one and sixteen', async (t) => {
  deepStrictEqual(parseCounts(['order=2', 'payment=16'], SERVICES), { order: 2, payment: 16 });
  const { run } = await aShop(t, {});
  for (const word of ['order', 'order=0', 'order=17', 'order=x', 'none=2', 'order=2=3', '=2']) {
    strictEqual(parseCounts([word], SERVICES), undefined);
    await rejects(run('scale', word), { name: 'UsageError' });
  }
  strictEqual(parseCounts(['order=1', 'order=2'], SERVICES), undefined);
  await rejects(run('scale'), { name: 'UsageError', message: /It is used as: ashlar scale/ });
});

test('the address is that of the system that runs on the data directory, where none is given', async (t) => {
  const { data, url } = await aShop(t, { 'GET /ops/services': { items: [] } });
  new DataDirectory(data).tellAddress(url);
  strictEqual(
    await ashlar(['services', '--data', data]),
    'SERVICE  REPLICA  PID  STATUS  URL  VERSION  STARTEDAT  BREAKERS',
  );
});

test('a configuration tells all that is wrong with the topology, and keeps secrets to itself', () => {
  const read = (args: readonly string[], environment = {}) => readConfiguration(args, environment);
  deepStrictEqual(read(['--topology', 'processes', '--replicas', 'order=2']).replicas, { order: 2 });
  deepStrictEqual(read([], { NATS_URL: 'nats://a:1,tls://b:2' }).natsUrl, 'nats://a:1,tls://b:2');
  throws(() => read(['--replicas', 'order=2']), { message: '--replicas (REPLICAS) needs --topology processes.' });
  throws(
    () => read(['--topology', 'cluster', '--replicas', 'order=99'], { NATS_URL: 'redis://:secret@a:1' }),
    (error: Error) => {
      deepStrictEqual(error.message.split('\n').length, 3);
      return !error.message.includes('secret');
    },
  );
});

test('read replicas are those of the embedded server, or those that go with the address of a server', () => {
  const read = (args: readonly string[], environment = {}) => readConfiguration(args, environment);
  deepStrictEqual(read(['--db-replicas', '2']).databaseReplicas, 2);
  const [url, one, other] = ['postgres://a/db', 'postgres://b:1/db', 'postgresql://c/db'];
  const given = read([], { DATABASE_URL: url, DATABASE_REPLICA_URLS: `${one}, ${other}` });
  deepStrictEqual(given.databaseReplicaUrls, [one, other]);
  throws(() => read([], { DATABASE_REPLICA_URLS: one }), { message: /needs DATABASE_URL/ });
  throws(() => read(['--db-replicas', '1'], { DATABASE_URL: url }), { message: /is for the embedded server/ });
  throws(() => read([], { DATABASE_URL: url, DATABASE_REPLICA_URLS: `${one},x` }), {
    message: /DATABASE_REPLICA_URLS/,
  });
});

test('a table shows nothing as a dash, cuts what is long, and lets nothing play tricks with the terminal', () => {
  const rows = [{ id: 1, error: `\u001b[31m${'x'.repeat(100)}` }, { id: 22 }];
  const lines = table(rows, ['id', 'error']).split('\n');
  deepStrictEqual(lines[0], 'ID  ERROR');
  strictEqual(lines[1], `1    [31m${'x'.repeat(54)}…`);
  strictEqual(lines[2], '22  -');
});

test('messages are drawn as the tree of what led to what', () => {
  const message = (type: string, ...consequences: ReturnType<typeof said>[]) => said(type, consequences);
  const lines = eventLines([message('a', message('b', message('c')), message('d'))]);
  deepStrictEqual(
    lines.map((line) => line.split('  k')[0]),
    ['└─ a', '   ├─ b', '   │  └─ c', '   └─ d'],
  );
});

function said(type: string, consequences: readonly Said[]): Said {
  return { service: 's', type, key: 'k', time: 't', consequences };
}

type Said = Parameters<typeof eventLines>[0][number];

test('ended streams are archived by command, and it is told how many', async (t) => {
  const { run, seen } = await aShop(t, {
    'POST /ops/archive': { items: [{ service: 'payment', streams: 2, events: 9 }] },
  });
  match(await run('events', 'archive'), /^SERVICE {2}STREAMS {2}EVENTS\npayment {2}2 {8}9/);
  strictEqual(seen.includes('POST /ops/archive'), true);
});
