import { test } from 'node:test';
import { failEveryCommit } from './every-commit.ts';

test('a checkout is confirmed whichever of its commits fails: orchestration', (t) =>
  failEveryCommit(t, 'orchestration', { country: 'US', ends: 'confirmed' }));
