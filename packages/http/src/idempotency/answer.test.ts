import { deepStrictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { isKept } from './answer.ts';

test('an answer is kept that a new try would not change: no failure of ours, no sign-in, no limit that passes', () => {
  const statuses = [200, 201, 202, 400, 401, 404, 409, 422, 429, 500, 503];
  deepStrictEqual(statuses.filter(isKept), [200, 201, 202, 400, 404, 409, 422]);
});
