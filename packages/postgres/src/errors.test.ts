import { deepStrictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { ConcurrencyError, isRetryable, UnknownCommitError } from './errors.ts';

const sqlError = (code: string, message = 'no') => Object.assign(new Error(message), { code });

test('schedule 1.10: what is run again is what a new transaction may mend, and nothing else', () => {
  const mended = ['40001', '40P01', '55P03'].map((code) => sqlError(code));
  const stale = sqlError('0A000', 'cached plan must not change result type');
  deepStrictEqual([...mended, stale, new ConcurrencyError('The order')].map(isRetryable), Array(5).fill(true));
  const lasting = [...['23505', '23514', '57014', '08006', '0A000'].map((code) => sqlError(code)), new Error('no')];
  deepStrictEqual([...lasting, new UnknownCommitError('lost')].map(isRetryable), Array(7).fill(false));
});
