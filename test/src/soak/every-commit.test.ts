import { test } from 'node:test';
import { failEveryCommit } from '../fault-injection/every-commit.ts';
import { STYLES } from '../shop/shop.ts';

test('a checkout is confirmed whichever of its commits fails: choreography', (t) =>
  failEveryCommit(t, 'choreography', { country: 'US', ends: 'confirmed' }));

for (const saga of STYLES) {
  test(`a checkout is undone whichever of its commits fails: ${saga}`, (t) =>
    failEveryCommit(t, saga, { country: 'AQ', ends: 'rejected' }));
}
