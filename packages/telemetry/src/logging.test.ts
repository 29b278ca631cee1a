import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from './logging.ts';
import { runInContext } from './request-context.ts';

function aLog(level = 'info') {
  const lines: string[] = [];
  const log = createLogger('order', level, { write: (line: string) => void lines.push(line) });
  return { log, lines, last: () => JSON.parse(lines.at(-1)!) as Record<string, unknown> };
}

const SECRETS = [
  'password',
  'currentPassword',
  'newPassword',
  'accessToken',
  'refreshToken',
  'cardToken',
  'authorization',
];

test('no secret is written, wherever in the line it stands', () => {
  const { log, lines } = aLog();
  for (const name of SECRETS) {
    log.info(
      { [name]: 'tell-nobody', body: { [name]: 'tell-nobody' }, req: { headers: { [name]: 'tell-nobody' } } },
      'hello',
    );
    log.error(
      { err: Object.assign(new Error('no'), { [name]: 'tell-nobody' }), list: [{ [name]: 'tell-nobody' }] },
      'no',
    );
  }
  strictEqual(lines.length, 2 * SECRETS.length);
  deepStrictEqual(
    lines.filter((line) => line.includes('tell-nobody')),
    [],
  );
});

test('what is no secret is written', () => {
  const { log, last } = aLog();
  log.info({ orderId: '42', body: { password: 'x', name: 'Ada' } }, 'hello');
  const { time, ...line } = last();
  strictEqual(typeof time, 'string');
  strictEqual(line['service'], 'order');
  strictEqual(line['orderId'], '42');
  deepStrictEqual(line['body'], { password: '[secret]', name: 'Ada' });
});

test('a line carries the trace and the correlation of the work that wrote it', () => {
  const { log, last } = aLog();
  const trace = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), sampled: true };
  runInContext({ trace, correlationId: 'the order' }, () => log.info('inside'));
  const { traceId, spanId, correlationId } = last();
  deepStrictEqual(
    { traceId, spanId, correlationId },
    { traceId: trace.traceId, spanId: trace.spanId, correlationId: 'the order' },
  );
  log.info('outside');
  strictEqual('traceId' in last(), false);
});

test('what is below the level is not written', () => {
  const { log, lines } = aLog('warn');
  log.info('quiet');
  log.warn('loud');
  strictEqual(lines.length, 1);
});
