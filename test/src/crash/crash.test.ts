import { test } from 'node:test';
import { surviveCrashes } from './crashes.ts';

test('twenty kills at any instant lose no order, no money and no piece of stock', async (t) => {
  await surviveCrashes(t, { kills: 20, databaseKills: { 7: 'alone', 14: 'with the system' }, perSecond: 60 });
});

test('a system that is told to stop in the middle of its work ends well, and goes on at the next start', async (t) => {
  await surviveCrashes(t, { kills: 3, signal: 'SIGTERM', perSecond: 60 });
});
