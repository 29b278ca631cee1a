import { test } from 'node:test';
import { redisMissing } from '@ashlar/projection-redis/test-redis';
import { readYourWrites } from './read-your-writes.ts';

test(
  'who brings the token of what they have written reads nothing older, however late every layer is',
  {
    skip: redisMissing,
  },
  (t) => readYourWrites(t, { reads: 300, slowestMs: 60 }),
);
