import { deepStrictEqual, match, notStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { formatTraceparent, nextSpan, parseTraceparent } from './trace-context.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';

test('a traceparent is read and written back', () => {
  for (const flags of ['00', '01']) {
    const header = `00-${traceId}-${spanId}-${flags}`;
    deepStrictEqual(parseTraceparent(header), { traceId, spanId, sampled: flags === '01' });
    strictEqual(formatTraceparent(parseTraceparent(header)!), header);
  }
});

test('a malformed traceparent is as good as none', () => {
  const malformed = [
    undefined,
    '',
    'nonsense',
    `00-${traceId}-${spanId}`,
    `00-${traceId}-${spanId}-1`,
    `00-${traceId}-${spanId}-01-more`,
    `00-${traceId}-${spanId}-01 `,
    `ff-${traceId}-${spanId}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId.slice(1)}-${spanId}-01`,
    `01-${traceId}-${spanId}-01more`,
  ];
  for (const header of malformed) strictEqual(parseTraceparent(header), undefined, String(header));
});

test('a version of tomorrow may say more, and only the sampled flag is read of the flags', () => {
  deepStrictEqual(parseTraceparent(`01-${traceId}-${spanId}-03-more`), { traceId, spanId, sampled: true });
  strictEqual(parseTraceparent(`00-${traceId}-${spanId}-02`)?.sampled, false);
});

test('the tracestate is handed on unless it is too long', () => {
  const header = `00-${traceId}-${spanId}-01`;
  strictEqual(parseTraceparent(header, 'vendor=1')?.traceState, 'vendor=1');
  strictEqual(parseTraceparent(header, `v=${'x'.repeat(511)}`)?.traceState, undefined);
});

test('the next span keeps the trace, the sampling and the state, and has an id of its own', () => {
  const parent = { traceId, spanId, sampled: false, traceState: 'vendor=1' };
  const next = nextSpan(parent);
  deepStrictEqual({ ...next, spanId }, parent);
  notStrictEqual(next.spanId, spanId);
  const root = nextSpan();
  match(`${root.traceId}-${root.spanId}`, /^[0-9a-f]{32}-[0-9a-f]{16}$/);
  strictEqual(root.sampled, true);
});

test('a thousand spans have a thousand ids', () => {
  strictEqual(new Set(Array.from({ length: 1_000 }, () => nextSpan().spanId)).size, 1_000);
});
