import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { grantingWishes, sampling } from './sampling.ts';
import { SpanRecorder } from './span-recorder.ts';
import { nextSpan } from './trace-context.ts';
import { createTracing } from './tracing.ts';

const ids = (count: number) => Array.from({ length: count }, () => nextSpan().traceId);
/** The lowest and the highest of all ids, by the digits that are looked at. */
const FIRST = '0'.repeat(13).padStart(32, 'a');
const LAST = 'f'.repeat(13).padStart(32, 'a');

test('the first traces of each second are recorded, and of the others a share', () => {
  let nowMs = 1_000;
  const isSampled = sampling({ sampleRatio: 0.1, tracesPerSecond: 3 }, () => nowMs);
  const inOneSecond = () => [LAST, LAST, LAST, LAST, FIRST].map(isSampled);
  deepStrictEqual(inOneSecond(), [true, true, true, false, true]);
  nowMs = 1_999;
  deepStrictEqual(isSampled(LAST), false);
  nowMs = 2_000;
  deepStrictEqual(inOneSecond(), [true, true, true, false, true]);
});

test('without a floor the share is all there is', () => {
  const share = (sampleRatio: number) => ids(2_000).filter(sampling({ sampleRatio }, () => 0)).length;
  deepStrictEqual([share(0), share(1)], [0, 2_000]);
  const some = share(0.1);
  ok(some > 100 && some < 320, String(some));
});

test('what strangers ask to be recorded is recorded fifty times a second, and past that only by the share', () => {
  let nowMs = 1_000;
  const isGranted = grantingWishes(
    sampling({ sampleRatio: 0.1 }, () => nowMs),
    () => nowMs,
  );
  const granted = () => Array.from({ length: 60 }, () => LAST).filter(isGranted).length;
  deepStrictEqual([granted(), granted(), isGranted(FIRST)], [50, 0, true]);
  nowMs = 2_000;
  strictEqual(granted(), 50);
});

test('a stranger who does not ask is not recorded, and one who does keeps his trace', () => {
  const tracing = createTracing({ service: 'desk', sampleRatio: 0 });
  const from = { ...nextSpan(), traceState: 'shop=1' };
  deepStrictEqual(tracing.ofStranger({ ...from, sampled: true }), { ...from, sampled: true });
  deepStrictEqual(tracing.ofStranger({ ...from, sampled: false }), { ...from, sampled: false });
});

test('what began elsewhere, sampled or not, uses up nothing of a second’s traces, and is as it was begun', () => {
  const recorder = new SpanRecorder();
  const tracing = createTracing({ service: 'desk', sampleRatio: 0, tracesPerSecond: 1, recorder });
  const sampledFrom = (sampled: boolean) => {
    const from = { trace: { ...nextSpan(), sampled }, correlationId: 'c' };
    return tracing.begin({ name: 'a' }, from).context.trace.sampled;
  };
  deepStrictEqual([sampledFrom(false), sampledFrom(true), sampledFrom(false)], [false, true, false]);
  strictEqual(tracing.begin({ name: 'looks at traces', sampled: false }).context.trace.sampled, false);
  strictEqual(tracing.begin({ name: 'the first of its own' }).context.trace.sampled, true);
});
