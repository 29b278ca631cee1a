import { deepStrictEqual, ok, strictEqual, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { checkFaults, FaultInjector } from './faults.ts';

function strikes(injector: FaultInjector, requests: number) {
  return Array.from({ length: requests }, () => injector.next());
}

test('without a fault nothing is struck', () => {
  deepStrictEqual(strikes(new FaultInjector(), 3), [undefined, undefined, undefined]);
});

test('at rate 1 every request is struck, exactly half of them afterwards', () => {
  for (const mode of ['slow', 'reset', 'garbage'] as const) {
    const injector = new FaultInjector();
    injector.fault = { mode, rate: 1 };
    const afterwards = strikes(injector, 100).map((strike) => strike && 'afterwards' in strike && strike.afterwards);
    strictEqual(afterwards.filter((is) => is === true).length, 50);
    strictEqual(afterwards.filter((is) => is === false).length, 50);
  }
});

test('errors are 500 and 503, half of each', () => {
  const injector = new FaultInjector();
  injector.fault = { mode: 'errors', rate: 1 };
  const statuses = strikes(injector, 4).map((strike) => strike?.mode === 'errors' && strike.status);
  deepStrictEqual(statuses, [500, 503, 500, 503]);
});

test('the rate is the share of the requests that is struck, the same ones in every run', () => {
  const run = () => {
    const injector = new FaultInjector();
    injector.fault = { mode: 'reset', rate: 0.3 };
    return strikes(injector, 1000).map((strike) => strike !== undefined);
  };
  const struck = run().filter(Boolean).length;
  ok(struck > 250 && struck < 350, `${struck} of 1000`);
  deepStrictEqual(run(), run());
});

test('a missing rate means always, and a slow answer takes 10 s unless told otherwise', () => {
  const injector = new FaultInjector();
  injector.fault = { mode: 'slow' };
  strictEqual(injector.fault.rate, 1);
  deepStrictEqual(injector.next(), { mode: 'slow', delayMs: 10_000, afterwards: true });
  injector.fault = { mode: 'none' };
  deepStrictEqual(injector.fault, { mode: 'none', rate: 0 });
});

test('what is no fault is refused', () => {
  for (const carrier of [
    { mode: 'sulk' },
    { mode: 'slow', rate: 2 },
    { mode: 'slow', delayMs: -1 },
    { mode: 'none', x: 1 },
  ]) {
    throws(() => checkFaults({ carrier }), { name: 'TypeError', message: /carrier/ });
  }
  throws(() => checkFaults({ bank: { mode: 'none' } }), TypeError);
  throws(() => checkFaults({ carrier: {} }), TypeError);
});
