import { deepStrictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { diagnose } from '../diagnosis.ts';
import { THRESHOLDS } from '../model/architecture-file.ts';
import { spansIn } from './read-traces.ts';
import { TraceReading } from './trace-facts.ts';

type Json = Readonly<Record<string, unknown>>;

const times = <T>(count: number, make: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));

const read = (spans: readonly Json[]) => new TraceReading(spansIn([JSON.stringify(spans)]), THRESHOLDS).read();

const foundIn = (spans: readonly Json[]): string[] =>
  diagnose({ system: undefined, traces: read(spans) }).findings.map(({ severity, what }) => `${severity}: ${what}`);

const span = ([id, kind, serviceName]: readonly [string, string, string], more: Json = {}): Json => ({
  traceId: 'a1',
  id,
  kind,
  name: 'post /events',
  timestamp: 1_000 + Number.parseInt(id, 16),
  duration: 900,
  localEndpoint: { serviceName },
  ...more,
});

/** A message that is sent and received as if it were a call, under one id; each replica of the receiver tells of it. */
const fannedOut = (tags: Json): Json[] => [
  span(['1', 'SERVER', 'collect']),
  span(['2', 'CLIENT', 'collect'], { parentId: '1', name: 'send events' }),
  ...times(6, (at) =>
    span(['2', 'SERVER', 'push'], { parentId: '1', name: 'receive events', timestamp: 1_010 + at, tags }),
  ),
];

const LOGS: readonly Json[] = [
  { 'kafka.partition': '3' },
  { 'kafka.topic': 'events' },
  { 'message/channel-name': 'events' },
  { 'messaging.system': 'kafka', 'messaging.operation': 'receive' },
  { 'messaging.system': 'aws_sqs', 'faas.trigger': 'pubsub' },
];

for (const tags of LOGS) {
  test(`a message that is told as a call by ${Object.keys(tags)} is a message`, () => {
    const { pairs } = read(fannedOut(tags));
    deepStrictEqual(
      [...new Set(pairs.map(({ from, to, isSynchronous }) => `${from} ${to} ${isSynchronous}`))],
      ['collect push false'],
    );
    deepStrictEqual(foundIn(fannedOut(tags)), []);
  });
}

test('one call that several have answered under its id is one call', () => {
  deepStrictEqual(foundIn(fannedOut({ 'http.path': '/events' })), []);
  const calls = times(6, (at) => [
    span([`${20 + at}`, 'CLIENT', 'collect'], { parentId: '1' }),
    span([`${20 + at}`, 'SERVER', 'push'], { parentId: '1' }),
  ]).flat();
  deepStrictEqual(foundIn([span(['1', 'SERVER', 'collect']), ...calls]), [
    'error: collect asks push for post /events up to 6 times under one parent, under 1 parents (N+1)',
  ]);
});

/** A proxy beside the caller tells whom it asks by its cluster, and as its peer who has asked it. */
const proxied = (cluster: string): Json[] => [
  span(['1', 'SERVER', 'shop.prod']),
  ...times(6, (at) =>
    span([`${20 + at}`, 'CLIENT', 'shop.prod'], {
      parentId: '1',
      name: 'reviews.prod.svc.cluster.local:80/*',
      tags: { component: 'proxy', 'peer.address': '10.1.2.3', upstream_cluster: cluster },
    }),
  ),
];

test('whom a proxy beside the caller asks is told by its cluster', () => {
  deepStrictEqual(foundIn(proxied('outbound|80|v1|reviews.prod.svc.cluster.local')), [
    'error: shop.prod asks reviews.prod.svc.cluster.local for reviews.prod.svc.cluster.local:80/* ' +
      'up to 6 times under one parent, under 1 parents (N+1)',
  ]);
  const other = span(['9', 'SERVER', 'reviews.prod'], { traceId: 'a2' });
  deepStrictEqual(
    read([...proxied('outbound|80||reviews.prod.svc.cluster.local'), other]).pairs.map(({ from, to }) => [from, to]),
    [['shop.prod', 'reviews.prod']],
  );
});

test('queries that are documents, and not text, are told by what they read', () => {
  const asking = (tags: (at: number) => Json): string[] =>
    foundIn([
      span(['1', 'SERVER', 'shop']),
      ...times(6, (at) =>
        span([`${20 + at}`, 'CLIENT', 'shop'], { parentId: '1', name: 'mongodb.find', tags: tags(at) }),
      ),
    ]);
  const mongo = { 'db.system': 'mongodb', 'db.name': 'shop', 'db.operation': 'find', 'db.mongodb.collection': 'items' };
  const found = (query: string): string[] => [
    `warning: shop asks its database up to 6 times under one parent, under 1 parents: ${query} (N+1)`,
  ];
  deepStrictEqual(
    asking(() => ({ ...mongo, 'db.statement': '{"_id":"?"}' })),
    found('find items {"_id":*}'),
  );
  deepStrictEqual(
    asking((at) => ({ ...mongo, 'db.statement': `{"_id":"${at}"}` })),
    found('find items {"_id":*}'),
  );
  deepStrictEqual(
    asking((at) => ({ ...mongo, 'db.statement': `{"f${'abcdefg'[at]}":1}` })),
    [],
  );
  const dynamo = { 'db.system': 'dynamodb', 'db.operation': 'GetItem' };
  const key = (at: number): string => `{"TableName":"items","Key":{"id":{"S":"${at}"}}}`;
  deepStrictEqual(
    asking((at) => ({ ...dynamo, 'db.statement': key(at) })),
    found('GetItem items {"TableName":*,"Key":{"id":{"S":*}}}'),
  );
  deepStrictEqual(
    asking((at) => ({ ...dynamo, 'db.operation': 'PutItem', 'db.statement': key(at) })),
    [],
  );
});
