import { deepStrictEqual, match } from 'node:assert/strict';
import { test } from 'node:test';
import { diagnose } from '../diagnosis.ts';
import { type Call, factsOf } from './traces.fixtures.ts';

const found = (traces: readonly Call[]) =>
  diagnose({ system: undefined, traces: factsOf(traces) }).findings.map(({ rule, what }) => `${rule}: ${what}`);

const times = <T>(count: number, make: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));

const asked = (service: string, ...calls: Call[]): Call => ({
  service: 'order',
  kind: 'client',
  calls: [{ service, calls }],
});

test('nothing is wrong with a request that asks one other service once, and tells another by a message', () => {
  const parcel: Call = { service: 'shipping', kind: 'consumer', name: 'handle' };
  const told: Call = { service: 'order', kind: 'producer', destination: 'orders', calls: [parcel] };
  deepStrictEqual(found([{ service: 'gateway', calls: [{ service: 'order', calls: [asked('product'), told] }] }]), []);
});

test('the same operation five times under one parent is N+1, with its number', () => {
  const [finding] = found([{ service: 'order', name: 'GET /orders', calls: times(7, () => asked('product')) }]);
  match(finding!, /chatty-services: order asks product for GET \/ up to 7 times under one parent/);
});

test('four times are few enough, and trying again what has failed does not count', () => {
  deepStrictEqual(found([{ service: 'order', calls: times(4, () => asked('product')) }]), []);
  const failed: Call = {
    service: 'order',
    kind: 'client',
    isError: true,
    calls: [{ service: 'product', isError: true }],
  };
  deepStrictEqual(
    found([{ service: 'order', calls: [...times(2, () => failed), ...times(3, () => asked('product'))] }]),
    [],
  );
});

test('failures do not count either where the callee alone has spans, as HotROD has them for Redis', () => {
  const calls = times(
    13,
    (at): Call => ({ service: 'redis', kind: 'client', name: 'GetDriver', isError: at % 4 === 3 }),
  );
  const [finding] = found([{ service: 'driver', isError: true, calls }]);
  match(finding!, /driver asks redis for GetDriver up to 10 times under one parent/);
});

test('many different operations of one pair in each request are chatty as well', () => {
  const calls = times(
    9,
    (at): Call => ({ service: 'order', kind: 'client', calls: [{ service: 'product', name: `op${at}` }] }),
  );
  const [finding] = found([{ service: 'order', calls }]);
  match(finding!, /order calls product 9\.0 times for each GET \//);
});

test('services that wait for each other four deep are a distributed monolith; the gateway does not count', () => {
  const nested = (names: readonly string[]): Call => ({
    service: names[0]!,
    calls: names.length > 1 ? [nested(names.slice(1))] : [],
  });
  deepStrictEqual(
    found([nested(['gateway', 'a', 'b', 'c'])]).filter((one) => one.startsWith('distributed')),
    [],
  );
  const [finding] = found([nested(['gateway', 'a', 'b', 'c', 'd'])]);
  match(finding!, /distributed-monolith: A request to a waits for 3 services behind each other/);
});

test('services that ask each other in different requests wait in a circle', () => {
  const [finding] = found([
    { service: 'a', calls: [{ service: 'b' }] },
    { service: 'b', calls: [{ service: 'a' }] },
  ]);
  match(finding!, /a → b → a: they wait for each other in a circle/);
});

test('two services on one database share it, and on one server they do not', () => {
  const query = (service: string, database: string): Call => ({
    service,
    calls: [{ service, kind: 'client', database }],
  });
  const [finding] = found([query('a', 'postgresql://db/shop'), query('b', 'postgresql://db/shop')]);
  match(finding!, /database-per-service: a and b ask one database, postgresql:\/\/db\/shop/);
  deepStrictEqual(found([query('a', 'postgresql://db/a'), query('b', 'postgresql://db/b')]), []);
});

/** Calls of a callee that is away, so many milliseconds apart. */
const failing = (count: number, everyMs: number): Call[] =>
  times(count, (at) => ({
    service: 'order',
    startUs: at * everyMs * 1_000,
    calls: [
      {
        service: 'order',
        kind: 'client',
        isError: true,
        startUs: at * everyMs * 1_000,
        calls: [{ service: 'card', isError: true }],
      },
    ],
  }));

test('a caller that goes on at full rate against a callee that fails has no breaker', () => {
  const [finding] = found(failing(60, 20));
  match(finding!, /circuit-breakers: order went on calling card, which failed: 50 failing calls/);
});

test('a caller that asks now and then whether the callee is back has one', () => {
  const opened = [...failing(10, 20), ...failing(12, 5_000)];
  deepStrictEqual(found(opened), []);
});

test('a trace that ends at the broker, and spans whose parents are missing, are found', () => {
  const sent: Call = { service: 'order', kind: 'producer', destination: 'orders' };
  match(found([{ service: 'order', calls: [sent] }])[0]!, /tracing: The trace ends where order sends to orders/);
});

test('requests past the gateway are found where others come through it', () => {
  const [finding] = found([{ service: 'gateway', calls: [{ service: 'order' }] }, { service: 'order' }]);
  match(finding!, /gateway: 1 requests came to order past the gateway/);
});

test('thresholds are settings', () => {
  const traces = factsOf([{ service: 'order', calls: times(3, () => asked('product')) }], { repeatedOperation: 3 });
  match(diagnose({ system: undefined, traces }).findings[0]!.what, /up to 3 times/);
});
