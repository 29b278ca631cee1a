import { deepStrictEqual, match, notStrictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { diagnose } from '../diagnosis.ts';
import { type Call, factsOf } from './traces.fixtures.ts';

const found = (traces: readonly Call[]) =>
  diagnose({ system: undefined, traces: factsOf(traces) }).findings.map(({ rule, what }) => `${rule}: ${what}`);

const times = <T>(count: number, make: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));

const asks = (from: string, service: string, { name = 'GET /', calls = [] as Call[], isError = false } = {}): Call => ({
  service: from,
  kind: 'client',
  name: 'GET',
  isError,
  calls: [{ service, name, calls, isError }],
});

test('many requests of a user in one trace are none of one request', () => {
  const request = () =>
    asks('k6', 'gateway', { calls: [asks('gateway', 'order', { calls: [asks('order', 'cart')] })] });
  deepStrictEqual(found([{ service: 'k6', kind: 'internal', calls: times(12, request) }]), []);
});

test('a job that only asks is no user', () => {
  const [finding] = found([
    { service: 'billing-job', kind: 'internal', calls: times(6, () => asks('billing-job', 'user')) },
  ]);
  match(finding!, /billing-job asks user for GET \/ up to 6 times/);
});

test('what many quiet requests ask does not hide a chatty one', () => {
  const parts = ['price', 'stock', 'name', 'image', 'tax', 'review'];
  const chatty: Call = {
    service: 'order',
    name: 'GET /a',
    calls: parts.map((name) => asks('order', 'product', { name })),
  };
  const quiet: Call = { service: 'order', name: 'GET /b', calls: [asks('order', 'product')] };
  deepStrictEqual(found([chatty, ...times(30, () => quiet)]), [
    'chatty-services: order calls product 6.0 times for each GET /a that needs it, up to 6 times',
  ]);
});

test('calls that are tried again after an error are no chatter', () => {
  const failed = times(4, (at) => asks('order', 'product', { name: `op${at}`, isError: true }));
  const answered = times(4, (at) => asks('order', 'product', { name: `op${at}` }));
  deepStrictEqual(found([{ service: 'order', calls: [...failed, ...answered] }]), []);
});

test('a proxy beside a service is no end of a chain', () => {
  const behind = (names: readonly string[]): Call[] =>
    names.slice(1, 2).map((next) => {
      const own: Call = { service: next, calls: behind(names.slice(1)) };
      return { service: names[0]!, kind: 'client', calls: [{ service: next, calls: [own] }] };
    });
  const [finding] = found([{ service: 'a', calls: behind(['a', 'b', 'c', 'd']) }]);
  match(finding!, /A request to a waits for 3 services behind each other/);
});

test('probes of gRPC and of Spring come to a service past the gateway', () => {
  const probed = ['grpc.health.v1.Health/Check', 'GET /actuator/health/liveness', 'GET /_status', 'GET /isAlive'];
  const traces = probed.map((name): Call => ({ service: 'order', name }));
  deepStrictEqual(found([{ service: 'gateway', calls: [asks('gateway', 'order')] }, ...traces]), []);
});

test('a gateway to banks or phones is a service like others', () => {
  deepStrictEqual(found([{ service: 'payment-gateway' }, { service: 'order' }]), []);
  deepStrictEqual(found([{ service: 'zuul', calls: [asks('zuul', 'order')] }, { service: 'order' }]), [
    'gateway: 1 requests came to order past the gateway',
  ]);
});

/** Requests of which the service in the middle fails because of the one behind it. */
const outage = (count: number): Call[] =>
  times(count, (at) => {
    const charged = { ...asks('order', 'payment', { isError: true }), startUs: at * 50_000 };
    const call = { ...asks('gateway', 'order', { calls: [charged], isError: true }), startUs: at * 50_000 };
    return { service: 'gateway', isError: true, startUs: at * 50_000, calls: [call] };
  });

test('who fails because another one has failed is not blamed', () => {
  deepStrictEqual(
    found(outage(12)).filter((one) => one.includes('fail')),
    ['distributed-monolith: When payment fails, 100 % of the requests that need it fail as a whole (12 of 12)'],
  );
  deepStrictEqual(
    found(outage(60)).filter((one) => one.startsWith('circuit-breakers')),
    [
      'circuit-breakers: order went on calling payment, which failed: ' +
        '50 failing calls in 2.5 s after a breaker would have opened',
    ],
  );
});

test('a trace whose first span was called from outside of the traces is told, and is no error', () => {
  const severities = (orphan: boolean) => {
    const traces = factsOf([{ service: 'order', calls: [asks('order', 'product')] }]);
    const orphans = {
      count: orphan ? 1 : 0,
      headless: orphan ? 0 : 1,
      example: { traceId: 'a', spanId: 'b', text: '' },
    };
    return diagnose({ system: undefined, traces: { ...traces, orphans } }).findings.map(({ severity }) => severity);
  };
  deepStrictEqual([severities(true), severities(false)], [['error'], ['warning']]);
});

test('a store that has spans of its own is no service to which a message could travel', () => {
  const stores = ['redis', 'mysql', 'orders-db'].map((name) => asks('order', name));
  deepStrictEqual(found([{ service: 'order', calls: stores }]), []);
});

test('the report names the services of the traces, and ids of 64 bits as they were written', () => {
  const traces = factsOf([{ service: 'order', calls: [asks('order', 'product')] }]);
  deepStrictEqual(diagnose({ system: undefined, traces }).services, ['order', 'product']);
  match(traces.pairs[0]!.example.traceId, /^[0-9a-f]{16}$/);
});

test('a fault is known by the same fingerprint in another recording, with other numbers', () => {
  const chatty = (count: number): Call => ({
    service: 'order',
    name: 'GET /a',
    calls: times(count, (at) => asks('order', 'product', { name: `op${at}` })),
  });
  const [first, second] = [chatty(6), chatty(9)].map(
    (trace) => diagnose({ system: undefined, traces: factsOf([trace]) }).findings,
  );
  notStrictEqual(first![0]!.what, second![0]!.what);
  deepStrictEqual(
    first!.map(({ fingerprint }) => fingerprint),
    second!.map(({ fingerprint }) => fingerprint),
  );
});
