import { describe, test } from 'node:test';
import { STYLES } from '../shop/shop.ts';
import { failEveryCommit } from './every-commit.ts';

describe('commits that fail', { concurrency: true }, () => {
  for (const saga of STYLES) {
    test(`a checkout is confirmed whichever of its commits fails: ${saga}`, (t) =>
      failEveryCommit(t, saga, { country: 'US', ends: 'confirmed' }));
  }
});
