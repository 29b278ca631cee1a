import { test } from 'node:test';
import { surviveCrashes } from './crashes.ts';

test('kills at any instant lose no order, no money and no piece of stock', async (t) => {
  await surviveCrashes(t, { kills: 6, databaseKills: { 2: 'alone', 4: 'with the system' }, perSecond: 60 });
});
