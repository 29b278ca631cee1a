import { deepStrictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { diagnose } from '../diagnosis.ts';
import { THRESHOLDS } from '../model/architecture-file.ts';
import { spansIn } from './read-traces.ts';
import { TraceReading } from './trace-facts.ts';

interface Client {
  readonly name: string;
  readonly service?: string;
  readonly startUs?: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly remote?: Readonly<Record<string, string>>;
}

const times = <T>(count: number, make: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));

/** What a service asks for one request; each client's span in a trace of its own service. */
function foundIn(clients: readonly Client[]): string[] {
  const services = [...new Set(clients.map(({ service = 'order' }) => service))];
  const spans = services.flatMap((service, trace) => {
    const shared = { traceId: `a${trace}`, localEndpoint: { serviceName: service }, timestamp: 1_000, duration: 5_000 };
    const own = clients.filter((client) => (client.service ?? 'order') === service);
    return [
      { ...shared, id: 'b0', kind: 'SERVER', name: 'get /orders' },
      ...own.map(({ name, tags, remote, startUs = 1_000 }, at) => ({
        ...shared,
        id: `c${at}`,
        parentId: 'b0',
        kind: 'CLIENT',
        timestamp: startUs,
        name,
        tags,
        remoteEndpoint: remote,
      })),
    ];
  });
  const traces = new TraceReading(spansIn([JSON.stringify(spans)]), THRESHOLDS).read();
  return diagnose({ system: undefined, traces }).findings.map(({ severity, what }) => `${severity}: ${what}`);
}

const POSTGRES = { 'db.system': 'postgresql', 'server.address': 'orders-db', 'db.namespace': 'orders' };

const asking = (text: string, tags: Client['tags'] = POSTGRES): Client => ({
  name: 'SELECT',
  tags: { ...tags, 'db.query.text': text },
});

const queried = (query: string): string[] => [
  `warning: order asks its database up to 6 times under one parent, under 1 parents: ${query} (N+1)`,
];

test('the same query for each element of a list is N+1, whatever its values are', () => {
  const [literal, bound] = ['SELECT * FROM items WHERE id = ', 'SELECT * FROM items WHERE id = *'];
  deepStrictEqual(foundIn(times(6, (at) => asking(`${literal}${at}`))), queried(bound));
  deepStrictEqual(foundIn(times(6, (at) => asking(`${literal}'item-${at}'`))), queried(bound));
  deepStrictEqual(foundIn(times(6, () => asking(`${literal}?`))), queried(bound));
  deepStrictEqual(foundIn(times(6, () => asking(`${literal}$1`))), queried(bound));
});

test('keys of a cache that differ in their number alone are those of a list', () => {
  const redis = { 'db.system': 'redis', 'server.address': 'cache' };
  const get = (key: string): Client => ({ name: 'GET', tags: { ...redis, 'db.statement': `GET ${key}` } });
  deepStrictEqual(foundIn(times(6, (at) => get(`driver:T7${at}C`))), queried('GET driver:*'));
  deepStrictEqual(foundIn(['session', 'flags', 'cart', 'theme', 'locale', 'user'].map(get)), []);
});

test('other queries, those that change something, and those that nobody can tell apart, are none', () => {
  const tables = ['orders', 'items', 'users', 'prices', 'taxes', 'coupons'];
  deepStrictEqual(foundIn(tables.map((table) => asking(`SELECT * FROM ${table}`))), []);
  deepStrictEqual(foundIn(times(6, (at) => asking(`INSERT INTO items VALUES (${at})`))), []);
  deepStrictEqual(foundIn(times(6, () => asking('SELECT * FROM stock WHERE id = $1 FOR UPDATE'))), []);
  deepStrictEqual(foundIn(times(6, () => ({ name: 'SELECT orders', tags: POSTGRES }))), []);
});

test('where the query is not told, its table tells it', () => {
  const find = {
    name: 'orders.find',
    tags: { 'db.system': 'mongodb', 'db.operation': 'find', 'db.mongodb.collection': 'items' },
  };
  deepStrictEqual(foundIn(times(6, () => find)), queried('find items'));
});

test('a database is the same one by the words of Brave, and none by a name that any has', () => {
  const asks = (service: string, serviceName: string, ipv4?: string): Client => ({
    service,
    name: 'select',
    tags: { 'sql.query': `select * from ${service}` },
    remote: { serviceName, ...(ipv4 && { ipv4 }) },
  });
  const shared = ['error: bill and order ask one database, sql://10.0.0.7/shop'];
  deepStrictEqual(foundIn([asks('order', 'shop', '10.0.0.7'), asks('bill', 'shop', '10.0.0.7')]), shared);
  deepStrictEqual(foundIn([asks('order', 'orders', '10.0.0.7'), asks('bill', 'bills', '10.0.0.7')]), []);
  deepStrictEqual(foundIn([asks('order', 'mysql', '10.0.0.7'), asks('bill', 'mysql', '10.0.0.7')]), []);
});

test('a host is one by its short and its long name', () => {
  const at = (service: string, host: string): Client => ({
    ...asking('SELECT 1', { ...POSTGRES, 'server.address': host }),
    service,
  });
  deepStrictEqual(foundIn([at('order', 'db.prod'), at('bill', 'DB.prod.svc.cluster.local:5432')]), [
    'error: bill and order ask one database, postgresql://db.prod/orders',
  ]);
});

test('who has no spans is asked too often as well, and goes on being asked', () => {
  const ask = (path: string): Client => ({ name: 'GET', tags: { 'http.url': `http://prices:8080${path}` } });
  deepStrictEqual(foundIn(times(6, (at) => ask(`/prices/SKU-${1000 + at}`))), [
    'error: order asks prices for GET /prices/* up to 6 times under one parent, under 1 parents (N+1)',
  ]);
  deepStrictEqual(foundIn(['/a', '/b', '/c', '/d', '/e'].map(ask)), []);
  const failing = times(40, (at) => ({ ...ask('/prices'), startUs: at * 50_000 }));
  const failed = failing.map((one) => ({ ...one, tags: { ...one.tags, 'http.status_code': '503' } }));
  deepStrictEqual(foundIn(failed), [
    'error: order went on calling prices, which failed: 30 failing calls in 1.5 s after a breaker would have opened',
  ]);
});
