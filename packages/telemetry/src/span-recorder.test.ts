import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { SpanRecorder } from './span-recorder.ts';
import { createTelemetry } from './telemetry.ts';

const begun = (remembers: boolean | undefined, sampleRatio = 1) => {
  const options = { service: 'desk', logLevel: 'silent', sampleRatio };
  const telemetry = createTelemetry(remembers === undefined ? options : { ...options, remembers });
  return { telemetry, names: () => telemetry.recorder.recent(10).map(({ name }) => name) };
};

test('a trace is remembered with all its spans, where somebody can ask for it', async () => {
  const { telemetry, names } = begun(undefined);
  await telemetry.tracing.span({ name: 'outer' }, () => telemetry.tracing.span({ name: 'inner' }, async () => {}));
  strictEqual(names().length, 1);
  const [trace] = telemetry.recorder.recent(1);
  deepStrictEqual(
    telemetry.recorder.spansOf(trace!.traceId).map(({ name }) => name),
    ['inner', 'outer'],
  );
});

test('nothing is remembered where nobody can ask', async () => {
  const { telemetry, names } = begun(false);
  await telemetry.tracing.span({ name: 'outer' }, async () => {});
  deepStrictEqual(names(), []);
});

test('what was not sampled passes by, unless it fails: then all of it is kept', async () => {
  const { telemetry, names } = begun(undefined, 0);
  await telemetry.tracing.span({ name: 'fine' }, async () => {});
  deepStrictEqual(names(), []);
  const broken = telemetry.tracing.span({ name: 'outer' }, async () => {
    await telemetry.tracing.span({ name: 'before' }, async () => {});
    throw new Error('The desk is on fire.');
  });
  await broken.catch(() => {});
  const [trace] = telemetry.recorder.recent(1);
  deepStrictEqual(
    telemetry.recorder.spansOf(trace!.traceId).map(({ name }) => name),
    ['before', 'outer'],
  );
});

test('the oldest make room, and what failed is not pushed out by what did not', async () => {
  const recorder = new SpanRecorder({ traces: 4 });
  const telemetry = createTelemetry({ service: 'desk', logLevel: 'silent', recorder });
  await telemetry.tracing
    .span({ name: 'failed' }, async () => {
      throw new Error('Once.');
    })
    .catch(() => {});
  for (let n = 1; n <= 6; n++) await telemetry.tracing.span({ name: `fine ${n}` }, async () => {});
  deepStrictEqual(
    recorder
      .recent(10)
      .map(({ name }) => name)
      .sort(),
    ['failed', 'fine 3', 'fine 4', 'fine 5', 'fine 6'],
  );
});
