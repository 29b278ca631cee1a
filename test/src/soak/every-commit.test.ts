import { test } from 'node:test';
import { failEveryCommit } from '../fault-injection/every-commit.ts';
import { STYLES } from '../shop/shop.ts';

for (const saga of STYLES) {
  test(`a checkout is undone whichever of its commits fails: ${saga}`, (t) =>
    failEveryCommit(t, saga, { country: 'AQ', ends: 'rejected' }));
}
