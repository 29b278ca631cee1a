import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type BreakerState, type CircuitBreakerOptions, circuitBreaker } from './circuit-breaker.ts';
import { timeout } from './timeout.ts';

const answer = async () => 'answer';
const failure = async (): Promise<never> => {
  throw new Error('broken');
};
const never = () => new Promise<never>(() => {});

function setUp(t: TestContext, options: Partial<CircuitBreakerOptions> = {}) {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'] });
  const states: BreakerState[] = [];
  const breaker = circuitBreaker({
    name: 'cards',
    errorRate: 0.5,
    volume: 4,
    windowMs: 10_000,
    openMs: 2_000,
    onStateChange: (state) => states.push(state),
    ...options,
  });
  t.after(() => breaker.close());
  const succeed = () => breaker.policy(answer);
  const fail = () => rejects(breaker.policy(failure), { message: 'broken' });
  const open = async () => {
    while (breaker.state === 'closed') await fail();
  };
  return { breaker, states, succeed, fail, open, pass: (ms: number) => t.mock.timers.tick(ms) };
}

test('the breaker opens when the share of failures is reached', async (t) => {
  const { breaker, succeed, fail } = setUp(t);
  await succeed();
  await succeed();
  await fail();
  strictEqual(breaker.state, 'closed');
  await fail();
  strictEqual(breaker.state, 'open');
  strictEqual(breaker.failureRate, 0.5);
});

test('a share of all calls, 1, can be reached', async (t) => {
  const { breaker, fail } = setUp(t, { errorRate: 1 });
  for (let call = 0; call < 4; call += 1) await fail();
  strictEqual(breaker.state, 'open');
});

test('a few failures below the volume open nothing', async (t) => {
  const { breaker, fail } = setUp(t);
  for (let call = 0; call < 3; call += 1) await fail();
  strictEqual(breaker.state, 'closed');
});

test('failures that have left the window are forgotten', async (t) => {
  const { breaker, fail, pass } = setUp(t);
  for (let call = 0; call < 3; call += 1) await fail();
  pass(11_000);
  await fail();
  strictEqual(breaker.state, 'closed');
});

test('an open breaker rejects at once, without the work', async (t) => {
  const { breaker, open } = setUp(t);
  await open();
  let worked = false;
  const call = breaker.policy(async () => {
    worked = true;
  });
  await rejects(call, { dependency: 'cards', reason: 'open' });
  strictEqual(worked, false);
});

test('half-open lets exactly one probe through', async (t) => {
  const { breaker, open, pass } = setUp(t);
  await open();
  pass(2_000);
  strictEqual(breaker.state, 'half-open');
  let worked = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const probe = breaker.policy(() => {
    worked += 1;
    return promise;
  });
  for (let call = 0; call < 5; call += 1) {
    await rejects(
      breaker.policy(async () => {
        worked += 1;
      }),
      { reason: 'open' },
    );
  }
  strictEqual(worked, 1);
  resolve();
  await probe;
  strictEqual(breaker.state, 'closed');
});

test('a failed probe opens the breaker for another while', async (t) => {
  const { breaker, states, fail, open, succeed, pass } = setUp(t);
  await open();
  pass(2_000);
  await fail();
  strictEqual(breaker.state, 'open');
  pass(2_000);
  await succeed();
  deepStrictEqual(states, ['open', 'half-open', 'open', 'half-open', 'closed']);
});

test('a recovered breaker starts afresh: neither old failures nor rejected calls are counted', async (t) => {
  const { breaker, fail, open, succeed, pass } = setUp(t);
  await open();
  for (let call = 0; call < 100; call += 1) await rejects(breaker.policy(answer), { reason: 'open' });
  pass(2_000);
  await succeed();
  strictEqual(breaker.failureRate, 0);
  for (let call = 0; call < 3; call += 1) await fail();
  strictEqual(breaker.state, 'closed');
  await fail();
  strictEqual(breaker.state, 'open');
});

test('what is not counted as a failure neither opens the breaker nor keeps it open', async (t) => {
  const isFailure = (error: unknown) => (error as Error).message !== 'refused';
  const { breaker, open, pass } = setUp(t, { isFailure });
  const refuse = () =>
    rejects(
      breaker.policy(async () => {
        throw new Error('refused');
      }),
      { message: 'refused' },
    );
  for (let call = 0; call < 10; call += 1) await refuse();
  strictEqual(breaker.state, 'closed');
  await open();
  pass(2_000);
  await refuse();
  strictEqual(breaker.state, 'closed');
});

test('calls that their callers cancelled open nothing', async (t) => {
  const { breaker } = setUp(t);
  for (let call = 0; call < 10; call += 1) {
    const caller = new AbortController();
    const cancelled = breaker.policy(never, caller.signal);
    caller.abort(new Error('no longer needed'));
    await rejects(cancelled, { message: 'no longer needed' });
  }
  strictEqual(breaker.state, 'closed');
});

test('a probe that its caller cancelled proves nothing', async (t) => {
  const { breaker, open, pass } = setUp(t);
  await open();
  pass(2_000);
  const caller = new AbortController();
  const probe = breaker.policy(never, caller.signal);
  caller.abort(new Error('no longer needed'));
  await rejects(probe, { message: 'no longer needed' });
  strictEqual(breaker.state, 'open');
});

test('the deadline of a call counts against the dependency, inside and outside of the breaker', async (t) => {
  const { breaker, pass } = setUp(t);
  const deadline = timeout({ name: 'cards', timeoutMs: 100 });
  for (let call = 0; call < 2; call += 1) {
    const inside = breaker.policy((signal) => deadline(never, signal));
    const outside = deadline((signal) => breaker.policy(never, signal));
    const both = Promise.all([rejects(inside, { reason: 'timeout' }), rejects(outside, { reason: 'timeout' })]);
    pass(100);
    await both;
  }
  strictEqual(breaker.state, 'open');
});

test('a breaker closed for good takes no more calls', async (t) => {
  const { breaker, succeed } = setUp(t);
  breaker.close();
  await rejects(succeed(), { reason: 'open' });
});
